/** The manual of `gatewright schema`. */
import type { CommandManual } from './manual.ts';

export const SCHEMA = {
  usage: '[print]',
  summary: 'print the JSON Schema of gateway.yaml',
  about: [
    'For editors: the first line of gateway.yaml names where it was saved, and brings completion and documentation.',
  ],
  options: {},
  exits: { 0: 'printed' },
  examples: [
    { line: 'gatewright schema print > gateway.schema.json', does: 'save it beside the configuration' },
  ],
} as const satisfies CommandManual;

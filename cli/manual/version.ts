/** The manual of `gatewright version`. */
import type { CommandManual } from './manual.ts';

export const VERSION = {
  usage: '',
  summary: 'print the version',
  options: {},
  exits: { 0: 'printed' },
  examples: [{ line: 'gatewright version', does: 'the versions of the gateway and of Node.js' }],
} as const satisfies CommandManual;

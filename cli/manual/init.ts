/** The manual of `gatewright init`. */
import type { CommandManual } from './manual.ts';

export const INIT = {
  usage: '[gateway.yaml|-]',
  summary: 'write a small configuration to begin with',
  about: [
    'Asks nothing and never writes over a file. What it writes is on this machine only, exposes tools that read and no others, and passes `gatewright check --deny-warnings`. Its first line brings completion to editors.',
  ],
  options: {
    stdout: { type: 'boolean', default: false, does: 'print it and write no file, as `-` does' },
  },
  exits: { 0: 'written', 1: 'there is such a file already' },
  examples: [
    { line: 'gatewright init', does: 'write gateway.yaml' },
    { line: 'gatewright init --stdout', does: 'look at it first' },
  ],
} as const satisfies CommandManual;

/** The manual of `gatewright explain-code`. */
import type { CommandManual } from './manual.ts';

export const EXPLAIN_CODE = {
  usage: '<code>',
  summary: 'explain a diagnostic, for example GW2003',
  about: [
    'Prints the page of a code: why it is reported, a file that has it, and the same file mended. The package has the pages; an image has none, so that the title is all it tells there.',
  ],
  options: {},
  exits: { 0: 'printed', 1: 'there is no such code', 3: 'its page is not here, or cannot be read' },
  examples: [{ line: 'gatewright explain-code GW2003', does: 'what is wrong with an unknown upstream' }],
} as const satisfies CommandManual;

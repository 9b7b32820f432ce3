/** The manual of `gatewright fmt`. */
import type { CommandManual } from './manual.ts';

export const FMT = {
  usage: '[files…]',
  summary: 'lay out configuration files in the canonical way',
  about: [
    'Indentation, blanks, quotes, and the order of sections, which is the path of a call. Comments, blank lines between groups, line breaks and the order of everything else stay as they are, and so does what the file means. A file that cannot be read as YAML is not touched.',
    'Without files: gateway.yaml and what it includes.',
  ],
  options: {
    check: {
      type: 'boolean',
      default: false,
      does: 'write nothing; fail if a file is laid out in another way',
    },
    diff: { type: 'boolean', default: false, does: 'write nothing; show what would change' },
    stdin: {
      type: 'boolean',
      default: false,
      does: 'read one file from standard input, write it to standard output',
    },
  },
  exits: { 0: 'done', 1: 'a file is no YAML, or with `--check` is laid out in another way' },
  examples: [
    { line: 'gatewright fmt', does: 'lay out gateway.yaml and what it includes' },
    { line: 'gatewright fmt --check --diff gateway.yaml prod.yaml', does: 'what a pull request has to pass' },
  ],
} as const satisfies CommandManual;

/** The manual of `gatewright migrate`. */
import type { CommandManual } from './manual.ts';

export const MIGRATE = {
  usage: '[files…]',
  summary: 'bring configuration files to the latest version of the language',
  about: [
    'Changes spellings and nothing else: comments and layout stay as they are. Version 1 is the only one so far; what is changed are versions that are not written as a number, sections under other names, such as `identity_providers`, and keys and types in another spelling, such as `call_timeout`. A file of a newer version is refused.',
    'Without files: gateway.yaml and what it includes.',
  ],
  options: {
    check: { type: 'boolean', default: false, does: 'write nothing; fail if a file has to be changed' },
    diff: { type: 'boolean', default: false, does: 'write nothing; show what would change' },
  },
  exits: { 0: 'done', 1: 'a file is refused, or with `--check` has to be changed' },
  examples: [{ line: 'gatewright migrate --diff', does: 'what would be changed' }],
} as const satisfies CommandManual;

/** The manual of `gatewright print`. */
import { PROJECT_OPTIONS, PROJECT_USAGE } from '../project-options.ts';
import type { CommandManual } from './manual.ts';

export const PRINT = {
  usage: PROJECT_USAGE,
  summary: 'print the configuration as it holds after includes, overlays and defaults',
  about: [
    'What is printed without `--origin` is a configuration itself: beside the main file it compiles to the same graph. Secrets that stand in the files are masked, in URLs too; references are printed as they are and never resolved.',
    'With `--origin` each value has its file and line behind it, or `default`, and each place where an overlay replaced, merged or removed something says so.',
  ],
  options: {
    ...PROJECT_OPTIONS,
    origin: { type: 'boolean', default: false, does: 'tell where each value comes from' },
    format: { type: 'string', default: 'yaml', words: ['yaml', 'json'], does: 'how it is written' },
  },
  exits: { 0: 'printed', 1: 'the configuration has errors' },
  examples: [
    {
      line: 'gatewright print --origin --overlay prod.yaml',
      does: 'what holds in production, and who says so',
    },
  ],
} as const satisfies CommandManual;

/** The manual of `gatewright lock`. */
import { PROJECT_OPTIONS, PROJECT_USAGE } from '../project-options.ts';
import type { CommandManual } from './manual.ts';

export const LOCK = {
  usage: PROJECT_USAGE,
  summary: 'write what upstreams offer into gateway.lock, to be reviewed and pinned',
  about: [
    'Connects to the upstreams as the gateway would, with their credentials, starts those that are programs, and asks for all tools, prompts, resource templates and instructions. No tool is called. `gateway.lock` lies beside the configuration and belongs into version control; upstreams with `trust.tools: pinned` may offer nothing else.',
    'What an upstream that does not answer had locked stays as it is. Characters that nobody would see, in the lock and in what is told of changes, are escaped.',
  ],
  options: {
    ...PROJECT_OPTIONS,
    upstream: {
      type: 'string',
      multiple: true,
      value: 'name',
      does: 'lock only this upstream; may be given several times',
    },
    accept: {
      type: 'string',
      multiple: true,
      value: 'upstream/name',
      does: 'take in the change of this one tool, prompt or template and no other; may be given several times',
    },
    check: {
      type: 'boolean',
      default: false,
      does: 'write nothing, and fail if upstreams offer anything else',
    },
    format: {
      type: 'string',
      default: 'text',
      words: ['text', 'json'],
      does: 'how changes are written',
    },
  },
  exits: {
    0: 'the lock is written, or with `--check` nothing differs',
    1: 'the configuration has errors, an upstream could not be locked, or with `--check` something differs',
  },
  examples: [
    { line: 'gatewright lock', does: 'after a change of upstreams; review the difference and commit it' },
    { line: 'gatewright lock --check', does: 'in CI, every night' },
    { line: 'gatewright lock --accept github/create_issue', does: 'take in one change that was reviewed' },
  ],
} as const satisfies CommandManual;

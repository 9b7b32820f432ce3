/** The manual of `gatewright check`. */
import { PROJECT_OPTIONS, PROJECT_USAGE } from '../project-options.ts';
import type { CommandManual } from './manual.ts';

export const CHECK = {
  usage: PROJECT_USAGE,
  summary: 'compile the configuration and report every finding',
  about: [
    'Needs no network without `--online`, and writes nothing unless `--fix` is given. All findings are told in one run, each with its place, what to do, and a page that `gatewright explain-code` prints.',
    '`--online` asks for what references stand for, binds each address for a moment, looks up hosts, connects, checks certificates, fetches the keys of issuers, and opens a session with each upstream, to compare what it offers with `gateway.lock`. Programs are started and stopped. No tool is called.',
    '`docs/formats.md` says what is in each format.',
  ],
  options: {
    ...PROJECT_OPTIONS,
    format: {
      type: 'string',
      default: 'pretty',
      words: ['pretty', 'json', 'sarif', 'github', 'junit'],
      does: 'how findings are written: for people, for programs, for code scanning, as annotations of a pull request, as a test report',
    },
    'deny-warnings': { type: 'boolean', default: false, does: 'fail on warnings too' },
    'max-warnings': { type: 'string', value: 'number', does: 'fail if there are more warnings than this' },
    online: {
      type: 'boolean',
      default: false,
      does: 'where there is no error: look also at what only this machine and its network can tell',
    },
    fix: { type: 'boolean', default: false, does: 'mend in the files what can be mended without doubt' },
    'fix-guesses': {
      type: 'boolean',
      default: false,
      does: 'mend also what can only be guessed, such as the unit of a number; look at the change',
    },
    'dry-run': {
      type: 'boolean',
      default: false,
      does: 'with `--fix`: print what would change, as a patch, and write nothing; exit code 1 if that is anything',
    },
  },
  exits: { 0: 'no errors', 1: 'errors, or warnings that are denied' },
  examples: [
    { line: 'gatewright check --online', does: 'on the machine that will serve, before it does' },
    { line: 'gatewright check --deny-warnings', does: 'what a pull request has to pass' },
    { line: 'gatewright check --format sarif > gateway.sarif', does: 'findings for a code scanning service' },
    { line: 'gatewright check --fix --dry-run', does: 'look at what `--fix` would mend' },
  ],
} as const satisfies CommandManual;

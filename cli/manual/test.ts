/** The manual of `gatewright test`. */
import { PROJECT_OPTIONS } from '../project-options.ts';
import type { CommandManual } from './manual.ts';

export const TEST = {
  usage: '[files|folders]…',
  summary: 'run the unit tests of a configuration',
  about: [
    'Runs every `*.test.yaml` that is named or lies in a folder that is named; without names, those beside gateway.yaml and below. Each test is one request and what must come of it, decided by the code that decides live traffic; see docs/test-files.md. Nothing is sent, and the clock is the one of the test.',
    'A file of tests is about the gateway.yaml in its own folder, or else about the one in the working directory, unless `--config` names another or an artifact.',
  ],
  options: {
    ...PROJECT_OPTIONS,
    config: { type: 'string', value: 'file', does: 'the configuration, or the artifact, that is tested' },
    filter: { type: 'string', value: 'text', does: 'run only tests whose names hold this text' },
    format: {
      type: 'string',
      default: 'pretty',
      words: ['pretty', 'json', 'junit'],
      does: 'how results are written',
    },
    coverage: {
      type: 'boolean',
      default: false,
      does: 'tell which places of servers and which rules no test has reached',
    },
    'fail-under': {
      type: 'string',
      value: 'percent',
      does: 'fail where less of the routes and rules is reached; implies --coverage',
    },
  },
  exits: {
    0: 'every test passed',
    1: 'a test failed, too little is covered, or a file or the configuration has errors',
  },
  examples: [
    { line: 'gatewright test', does: 'all tests beside gateway.yaml' },
    {
      line: 'gatewright test --format junit --fail-under 90 > tests.xml',
      does: 'what a pull request has to pass',
    },
  ],
} as const satisfies CommandManual;

/** What of the official suite is run, and where more is asked than the suite does. */
import type { Expectation } from './verdict.ts';

/** Those that the suite has server scenarios for, oldest first. */
export const SERVER_REVISIONS = ['2025-03-26', '2025-06-18', '2025-11-25', '2026-07-28'] as const;

/** Those with a frozen set of requirements. */
export const REQUIRED_REVISIONS = ['2025-11-25', '2026-07-28'] as const;

/** Scenarios in which a warning is a failure here, or in which the suite only remarks on what must be. */
const STRICTER: readonly Expectation[] = [
  { scenario: 'http-header-validation', strict: true },
  { scenario: 'http-custom-header-server-validation', strict: true },
  { scenario: 'server-session-lifecycle', strict: true },
  {
    scenario: 'server-sse-polling',
    strict: true,
    mustSucceed: ['server-sse-priming-event', 'server-sse-retry-field', 'server-sse-disconnect-resume'],
  },
  { scenario: 'dns-rebinding-protection', strict: true },
];

export const expectationOf = (scenario: string): Expectation =>
  STRICTER.find((expectation) => expectation.scenario === scenario) ?? { scenario };

/** Client scenarios of authorization have to do with upstreams that want a token. */
export const isAuthorization = (scenario: string): boolean => scenario.startsWith('auth/');

/** Extensions, with their scenarios: all but those that the suite never runs. */
export const EXTENSIONS: Readonly<Record<string, readonly string[]>> = {
  'io.modelcontextprotocol/tasks': [
    'tasks-lifecycle',
    'tasks-capability-negotiation',
    'tasks-wire-fields',
    'tasks-request-state-removal',
    'tasks-mrtr-input',
    'tasks-request-headers',
    'tasks-dispatch-and-envelope',
    'tasks-required-task-error',
    'tasks-mrtr-composition',
  ],
};

import { GatewayError } from '../../../runtime/errors.ts';
import type { UpstreamContext } from '../../../runtime/upstream/context.ts';
import type { LegacyOpening } from '../../../runtime/upstream/link.ts';
import type { HttpUpstreamNode, StdioUpstreamNode, TimeoutsNode } from '../../../schema/graph/upstream.ts';

export interface TestContext extends UpstreamContext {
  readonly logged: {
    readonly level: string;
    readonly message: string;
    readonly fields: Record<string, unknown>;
  }[];
  readonly observed: string[];
}

/** A context that keeps what it is told. */
export const testContext = (baseDirectory = process.cwd()): TestContext => {
  const logged: TestContext['logged'] = [];
  const observed: string[] = [];
  return {
    logged,
    observed,
    log: (level, message, fields) => logged.push({ level, message, fields }),
    observer: {
      onBreaker: (_upstream, state, tool) =>
        observed.push(tool === undefined ? `breaker ${state}` : `breaker of ${tool} ${state}`),
      onRetry: (_upstream, condition) => observed.push(`retry ${condition}`),
      onHealth: (_upstream, endpoint, healthy) =>
        observed.push(`${healthy ? 'healthy' : 'unhealthy'} ${endpoint}`),
      onProcess: (_upstream, event) => observed.push(`process ${event}`),
    },
    baseDirectory,
    gateway: { name: 'gatewright', version: '0.0.0' },
  };
};

/** Longer than what is answered takes on a loaded machine, processes that start included. */
export const TIMEOUTS: TimeoutsNode = {
  connectMs: 15_000,
  firstByteMs: 15_000,
  callMs: 15_000,
  callMaxMs: 30_000,
  listMs: 15_000,
  idleMs: 5000,
};

/**
 * What `open` makes with the usual timeouts, which are `changes` from then on: a test of short ones is not about the
 * opening.
 */
export const onceOpen = async <T>(
  changes: Partial<TimeoutsNode>,
  open: (timeouts: TimeoutsNode) => Promise<T>,
): Promise<T> => {
  const timeouts = { ...TIMEOUTS };
  const opened = await open(timeouts);
  Object.assign(timeouts, changes);
  return opened;
};

export const httpNode = (endpoint: string, changes: Partial<HttpUpstreamNode> = {}): HttpUpstreamNode => ({
  kind: 'upstream',
  type: 'http',
  name: 'tested',
  timeouts: TIMEOUTS,
  annotations: 'ignore',
  endpoints: [endpoint],
  era: 'match-client',
  headers: { forward: [], set: {} },
  tls: {},
  connections: 16,
  ...changes,
});

export const stdioNode = (
  command: string,
  args: readonly string[],
  changes: Partial<StdioUpstreamNode> = {},
): StdioUpstreamNode => ({
  kind: 'upstream',
  type: 'stdio',
  name: 'tested',
  timeouts: TIMEOUTS,
  annotations: 'ignore',
  command,
  args,
  env: {},
  directory: '.',
  isolation: 'shared',
  ...changes,
});

export const OPENING: LegacyOpening = {
  capabilities: {},
  clientInfo: { name: 'test', version: '1.0.0' },
  protocolVersion: '2025-11-25',
  isolationKey: 'shared',
  listen: false,
  headers: [],
};

/** The GatewayError that `promise` is rejected with. */
export const rejection = async (promise: Promise<unknown>): Promise<GatewayError> => {
  const thrown: unknown = await promise.then(
    () => new Error('it was fulfilled'),
    (error: unknown) => error,
  );
  if (!(thrown instanceof GatewayError)) throw thrown;
  return thrown;
};

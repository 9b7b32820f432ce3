/** What the upstream room is given by its host. */
import type { NodeId } from '../../schema/graph/graph.ts';
import type { RetryCondition } from '../../schema/graph/upstream.ts';
import type { BreakerState } from '../traffic/breaker.ts';
import type { GateThreads } from '../traffic/fair-gate.ts';

/** Why there is an attempt after the first: what the one before failed of, or that it could not be sent, or is slow. */
export type AttemptCause = RetryCondition | 'failover' | 'hedge';

type UpstreamLog = (
  level: 'debug' | 'info' | 'warn' | 'error',
  message: string,
  fields: Readonly<Record<string, unknown>>,
) => void;

/** Told of what metrics count. Called outside the fast path only. */
interface UpstreamObserver {
  /** Of the upstream, or of one of its tools. */
  onBreaker(upstream: string, state: BreakerState, tool?: string): void;
  onRetry(upstream: string, condition: AttemptCause): void;
  onHealth(upstream: string, endpoint: string, healthy: boolean): void;
  onProcess(upstream: string, event: 'started' | 'exited'): void;
}

/** What the memory of an upstream's retry budget goes by. */
export const budgetId = (upstream: string): NodeId => `upstream:${upstream}/budget`;

/** What the memory of its endpoints' health goes by. */
export const healthId = (upstream: string): NodeId => `upstream:${upstream}/health`;

export interface UpstreamContext {
  readonly log: UpstreamLog;
  readonly observer: UpstreamObserver;
  /** Where threads count its failures together. */
  readonly breaker?: { readonly memory: SharedArrayBuffer; readonly holder: number };
  /** Where threads count its calls together. */
  readonly places?: GateThreads;
  /** Where threads spend of one budget of retries. */
  readonly budget?: SharedArrayBuffer;
  /** Where threads know of each other which endpoints are there. */
  readonly health?: SharedArrayBuffer;
  /** The folder of the configuration file, absolute. */
  readonly baseDirectory: string;
  /** How long processes have to end; Infinity while the gateway goes on. */
  readonly msToEnd?: () => number;
  /** Told to upstreams as the client's implementation where no client's own is. */
  readonly gateway: { readonly name: string; readonly version: string };
}

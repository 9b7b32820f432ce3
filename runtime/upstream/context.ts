/** What the upstream room is given by its host. */
import type { RetryCondition } from '../../schema/graph/upstream.ts';
import type { BreakerState } from '../traffic/breaker.ts';

type UpstreamLog = (
  level: 'debug' | 'info' | 'warn' | 'error',
  message: string,
  fields: Readonly<Record<string, unknown>>,
) => void;

/** Told of what metrics count. Called outside the fast path only. */
interface UpstreamObserver {
  onBreaker(upstream: string, state: BreakerState): void;
  onRetry(upstream: string, condition: RetryCondition): void;
  onProcess(upstream: string, event: 'started' | 'exited'): void;
}

export interface UpstreamContext {
  readonly log: UpstreamLog;
  readonly observer: UpstreamObserver;
  /** Where threads count its failures together. */
  readonly breaker?: { readonly memory: SharedArrayBuffer; readonly holder: number };
  /** The folder of the configuration file, absolute. */
  readonly baseDirectory: string;
  /** Told to upstreams as the client's implementation where no client's own is. */
  readonly gateway: { readonly name: string; readonly version: string };
}

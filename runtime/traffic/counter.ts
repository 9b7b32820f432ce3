/** What counts requests by key, as those that ask it see it. */

import type { SharedLock } from '../state/shared-lock.ts';

/** What became of one request. */
export interface CountVerdict {
  readonly allowed: boolean;
  /** How many more may come at once. */
  readonly remaining: number;
  /** Until as many may come at once as ever. */
  readonly resetAfterMs: number;
  /** Until one more is allowed; 0 if it was. */
  readonly retryAfterMs: number;
}

/** Counts here: in this thread, or together with the others of the process. */
export interface LocalCounter {
  readonly store?: undefined;
  /** While it is held, no other thread counts here, and `take` says what `peek` said; absent if none ever does. */
  readonly lock?: SharedLock;
  /** What `take` would say now. Nothing is counted. */
  peek(key: string, nowMs: number, cost?: number): CountVerdict;
  /** Counts a request that takes `cost`; 1 if not given; a refused one takes nothing. `nowMs` is the time of day. */
  take(key: string, nowMs: number, cost?: number): CountVerdict;
}

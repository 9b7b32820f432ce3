/** Rate limits: the generic cell rate algorithm (GCRA), exact, one cell for each key. */
import type { RateLimitNode } from '../../schema/graph/limit.ts';

/** What became of one request. */
export interface RateVerdict {
  readonly allowed: boolean;
  /** Requests that may still come at once. */
  readonly remaining: number;
  /** Until the whole burst may come again. */
  readonly resetAfterMs: number;
  /** Until one more request passes; 0 if one passes now. */
  readonly retryAfterMs: number;
}

export interface RateLimiter {
  /** Counts a request of `key` at `nowMs`. A refused request costs nothing: it only delays. */
  take(key: string, nowMs: number): RateVerdict;
  /** Keys that are remembered. */
  readonly size: number;
}

/** Keys remembered at most; beyond it the key that was seen first is forgotten. */
const MAX_KEYS = 1_000_000;
/** Keys looked at for each request to forget those whose burst is whole again. */
const SWEEP_STEP = 2;

/**
 * A limiter for one limit. In t milliseconds at most burst + floor(t × count / period) requests of a key pass.
 * Memory is bounded: a key whose burst is whole again is the same as one never seen, and is dropped as others come.
 */
export const createRateLimiter = (node: RateLimitNode): RateLimiter => {
  const intervalMs = node.periodMs / node.count;
  const toleranceMs = intervalMs * (node.burst - 1);
  /** Theoretical arrival time by key, oldest key first. */
  const arrivals = new Map<string, number>();
  let sweeping = arrivals.entries();

  const sweep = (nowMs: number): void => {
    for (let step = 0; step < SWEEP_STEP; step += 1) {
      const next = sweeping.next();
      if (next.done === true) {
        sweeping = arrivals.entries();
        return;
      }
      if (next.value[1] <= nowMs) arrivals.delete(next.value[0]);
    }
    if (arrivals.size > MAX_KEYS) arrivals.delete(arrivals.keys().next().value!);
  };

  return {
    take: (key, nowMs) => {
      const arrivalMs = Math.max(arrivals.get(key) ?? nowMs, nowMs);
      const waitMs = arrivalMs - toleranceMs - nowMs;
      if (waitMs > 0)
        return { allowed: false, remaining: 0, resetAfterMs: arrivalMs - nowMs, retryAfterMs: waitMs };
      const nextMs = arrivalMs + intervalMs;
      arrivals.set(key, nextMs);
      sweep(nowMs);
      const usedMs = nextMs - nowMs;
      const remaining = Math.max(0, Math.floor((toleranceMs + intervalMs - usedMs) / intervalMs + 1e-9));
      return {
        allowed: true,
        remaining,
        resetAfterMs: usedMs,
        retryAfterMs: Math.max(0, usedMs - toleranceMs),
      };
    },
    get size() {
      return arrivals.size;
    },
  };
};

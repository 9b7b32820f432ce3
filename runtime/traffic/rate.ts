/** A rate limit: GCRA, the generic cell rate algorithm, by key. */
import { createHash } from 'node:crypto';
import type { RateLimitNode } from '../../schema/graph/limit.ts';

/** What became of one request. */
export interface RateVerdict {
  readonly allowed: boolean;
  /** How many more may come at once. */
  readonly remaining: number;
  /** Until as many may come at once as the burst allows. */
  readonly resetAfterMs: number;
  /** Until one more is allowed; 0 if it was. */
  readonly retryAfterMs: number;
}

export interface RateLimiter {
  /** How many keys are remembered. */
  readonly size: number;
  /** Counts a request. `nowMs` is of any clock; where it steps back, time stands still for as long. */
  take(key: string, nowMs: number): RateVerdict;
}

const MAX_KEYS = 1_000_000;

/** Longer keys are remembered by their digest, so that nobody fills the memory with one key's text. */
const MAX_KEY_LENGTH = 128;

/** Looked at for each key that is new: more than comes in, so that what is over goes out. */
const SWEPT_PER_KEY = 2;
const SWEPT_WHEN_FULL = 64;

/**
 * In any span of t milliseconds a key passes at most `burst + floor(t × count / periodMs)` requests. Arithmetic is
 * in units of 1/`count` ms, in which every quantity is whole if times are: exact up to 2^53 units.
 *
 * A key whose bucket is full again is forgotten, a few with each new key. At `maxKeys` keys that are all in use, a
 * key that is new is refused: a limit that cannot count fails closed.
 */
export const createRateLimiter = (node: RateLimitNode, maxKeys: number = MAX_KEYS): RateLimiter => {
  const { count, periodMs, burst } = node;
  const capacity = burst * periodMs;
  /** When the bucket of each key is full again, in units. */
  const fullAt = new Map<string, number>();
  let sweeper = fullAt.entries();
  let elapsedMs = 0;
  let lastMs: number | undefined;

  const advance = (nowMs: number): number => {
    if (lastMs !== undefined && nowMs > lastMs) elapsedMs += nowMs - lastMs;
    lastMs = nowMs;
    return elapsedMs * count;
  };

  const sweep = (now: number, steps: number): void => {
    for (let step = 0; step < steps; step += 1) {
      const next = sweeper.next();
      if (next.done === true) {
        sweeper = fullAt.entries();
        return;
      }
      if (next.value[1] <= now) fullAt.delete(next.value[0]);
    }
  };

  const hasRoom = (now: number): boolean => {
    sweep(now, SWEPT_PER_KEY);
    if (fullAt.size >= maxKeys) sweep(now, SWEPT_WHEN_FULL);
    return fullAt.size < maxKeys;
  };

  const verdict = (allowed: boolean, debt: number): RateVerdict => ({
    allowed,
    remaining: Math.floor((capacity - debt) / periodMs),
    resetAfterMs: debt / count,
    retryAfterMs: allowed ? 0 : (debt + periodMs - capacity) / count,
  });

  return {
    get size() {
      return fullAt.size;
    },
    take(given, nowMs) {
      const key = given.length > MAX_KEY_LENGTH ? digest(given) : given;
      const now = advance(nowMs);
      const known = fullAt.get(key);
      if (known === undefined && !hasRoom(now)) {
        return {
          allowed: false,
          remaining: 0,
          resetAfterMs: periodMs / count,
          retryAfterMs: periodMs / count,
        };
      }
      const debt = known === undefined || known < now ? 0 : known - now;
      if (debt + periodMs > capacity) return verdict(false, debt);
      fullAt.set(key, now + debt + periodMs);
      return verdict(true, debt + periodMs);
    },
  };
};

const digest = (key: string): string => `sha256:${createHash('sha256').update(key).digest('base64')}`;

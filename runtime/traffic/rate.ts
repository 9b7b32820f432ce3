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
export const createRateLimiter = (node: RateLimitNode, maxKeys: number = MAX_KEYS): RateLimiter =>
  new GcraLimiter(node, maxKeys);

class GcraLimiter implements RateLimiter {
  readonly #count: number;
  /** What a request costs, in units. */
  readonly #cost: number;
  readonly #capacity: number;
  readonly #maxKeys: number;
  /** When the bucket of each key is full again, in units. */
  readonly #fullAt = new Map<string, number>();
  #sweeper = this.#fullAt.entries();
  #elapsedMs = 0;
  #lastMs: number | undefined;

  constructor({ count, periodMs, burst }: RateLimitNode, maxKeys: number) {
    this.#count = count;
    this.#cost = periodMs;
    this.#capacity = burst * periodMs;
    this.#maxKeys = maxKeys;
  }

  get size(): number {
    return this.#fullAt.size;
  }

  take(given: string, nowMs: number): RateVerdict {
    const key = given.length > MAX_KEY_LENGTH ? digest(given) : given;
    const now = this.#advance(nowMs);
    const fullAt = this.#fullAt.get(key);
    if (fullAt === undefined && !this.#hasRoom(now)) return this.#refusedForRoom();
    const debt = fullAt === undefined || fullAt < now ? 0 : fullAt - now;
    if (debt + this.#cost > this.#capacity) return this.#verdict(false, debt);
    this.#fullAt.set(key, now + debt + this.#cost);
    return this.#verdict(true, debt + this.#cost);
  }

  #advance(nowMs: number): number {
    if (this.#lastMs !== undefined && nowMs > this.#lastMs) this.#elapsedMs += nowMs - this.#lastMs;
    this.#lastMs = nowMs;
    return this.#elapsedMs * this.#count;
  }

  #hasRoom(now: number): boolean {
    this.#sweep(now, SWEPT_PER_KEY);
    if (this.#fullAt.size >= this.#maxKeys) this.#sweep(now, SWEPT_WHEN_FULL);
    return this.#fullAt.size < this.#maxKeys;
  }

  #sweep(now: number, steps: number): void {
    for (let step = 0; step < steps; step += 1) {
      const next = this.#sweeper.next();
      if (next.done === true) {
        this.#sweeper = this.#fullAt.entries();
        return;
      }
      if (next.value[1] <= now) this.#fullAt.delete(next.value[0]);
    }
  }

  #verdict(allowed: boolean, debt: number): RateVerdict {
    return {
      allowed,
      remaining: Math.floor((this.#capacity - debt) / this.#cost),
      resetAfterMs: debt / this.#count,
      retryAfterMs: allowed ? 0 : (debt + this.#cost - this.#capacity) / this.#count,
    };
  }

  #refusedForRoom(): RateVerdict {
    const intervalMs = this.#cost / this.#count;
    return { allowed: false, remaining: 0, resetAfterMs: intervalMs, retryAfterMs: intervalMs };
  }
}

const digest = (key: string): string => `sha256:${createHash('sha256').update(key).digest('base64')}`;

/** The arithmetic of GCRA, the generic cell rate algorithm, in units of 1/`count` ms: exact up to 2^53 units. */
import type { RateLimitNode } from '../../schema/graph/limit.ts';
import type { CountVerdict } from './counter.ts';

export class Gcra {
  readonly #count: number;
  /** What a request of cost 1 takes, in units. */
  readonly #unit: number;
  readonly #capacity: number;

  constructor({ count, periodMs, burst }: RateLimitNode) {
    this.#count = count;
    this.#unit = periodMs;
    this.#capacity = burst * periodMs;
  }

  /** The moment `elapsedMs`, in units. */
  at(elapsedMs: number): number {
    return elapsedMs * this.#count;
  }

  /** When the bucket is full again if `cost` more is taken at `now`; undefined if that is refused. In units. */
  fullAtAfter(fullAt: number, now: number, cost: number): number | undefined {
    const debt = Math.max(0, fullAt - now) + cost * this.#unit;
    return debt > this.#capacity ? undefined : now + debt;
  }

  verdict(allowed: boolean, fullAt: number, now: number, cost: number): CountVerdict {
    const debt = Math.max(0, fullAt - now);
    return {
      allowed,
      remaining: Math.floor((this.#capacity - debt) / this.#unit),
      resetAfterMs: debt / this.#count,
      retryAfterMs: allowed ? 0 : (debt + cost * this.#unit - this.#capacity) / this.#count,
    };
  }

  /** What would be said of a request that is not counted. */
  foreseen(fullAt: number, now: number, cost: number): CountVerdict {
    return this.verdict(this.fullAtAfter(fullAt, now, cost) !== undefined, fullAt, now, cost);
  }

  /** Which part of the bucket is taken at `now`. */
  used(fullAt: number, now: number): number {
    return Math.max(0, fullAt - now) / this.#capacity;
  }

  /** For a key that there is no room to count. */
  refusedForRoom(): CountVerdict {
    const intervalMs = this.#unit / this.#count;
    return { allowed: false, remaining: 0, resetAfterMs: intervalMs, retryAfterMs: intervalMs };
  }
}

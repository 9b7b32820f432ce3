/** The arithmetic of GCRA, the generic cell rate algorithm, in units of 1/`count` ms: exact up to 2^53 units. */
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

export class Gcra {
  readonly #count: number;
  /** What a request costs, in units. */
  readonly #cost: number;
  readonly #capacity: number;

  constructor({ count, periodMs, burst }: RateLimitNode) {
    this.#count = count;
    this.#cost = periodMs;
    this.#capacity = burst * periodMs;
  }

  /** The moment `elapsedMs`, in units. */
  at(elapsedMs: number): number {
    return elapsedMs * this.#count;
  }

  /** When the bucket is full again if one more is taken at `now`; undefined if that is refused. In units. */
  fullAtAfter(fullAt: number, now: number): number | undefined {
    const debt = Math.max(0, fullAt - now);
    return debt + this.#cost > this.#capacity ? undefined : now + debt + this.#cost;
  }

  verdict(allowed: boolean, fullAt: number, now: number): RateVerdict {
    const debt = Math.max(0, fullAt - now);
    return {
      allowed,
      remaining: Math.floor((this.#capacity - debt) / this.#cost),
      resetAfterMs: debt / this.#count,
      retryAfterMs: allowed ? 0 : (debt + this.#cost - this.#capacity) / this.#count,
    };
  }

  /** For a key that there is no room to count. */
  refusedForRoom(): RateVerdict {
    const intervalMs = this.#cost / this.#count;
    return { allowed: false, remaining: 0, resetAfterMs: intervalMs, retryAfterMs: intervalMs };
  }
}

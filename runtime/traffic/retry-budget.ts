/** How many attempts after the first an upstream may be sent, so that retries do not make a storm of its trouble. */
import { monotonicMs } from '../state/monotonic.ts';

/** What one attempt takes. */
const ATTEMPT = 1_000_000;
const PER_MS = ATTEMPT / 1000;
/** So many are free at once, and one a second. */
const FREE = 10 * ATTEMPT;
/** What calls have earned is kept up to here. */
const MOST = 100 * ATTEMPT;
/** Time that fills it up from nothing. */
const FILL_MS = FREE / PER_MS;
/** Clocks of two threads do not differ by more. */
const CLOCK_MS = 1000;

/** What is left beyond what is free, and when time was counted last: milliseconds, as far as a word has room for them. */
const LEFT = 0;
const FILLED = 1;

/** What a budget needs. */
export const RETRY_BUDGET_BYTES = 2 * Int32Array.BYTES_PER_ELEMENT;

interface BudgetOptions {
  /** {@link RETRY_BUDGET_BYTES} zeros, or what other threads have made of them: they spend together. */
  readonly memory?: ArrayBufferLike | undefined;
  /** The same clock in all threads. */
  readonly nowMs?: () => number;
}

/**
 * At most `ratio` of all calls, ten and one a second besides. What is not used is kept for a while: a short outage
 * after a long time of health can be bridged. There is no lock: a call adds to one word.
 */
export class RetryBudget {
  readonly #words: Int32Array;
  readonly #earned: number;
  readonly #nowMs: () => number;

  /** @param ratio of calls, 0 to 1 */
  constructor(ratio: number, { memory, nowMs = monotonicMs }: BudgetOptions = {}) {
    this.#words = new Int32Array(memory ?? new ArrayBuffer(RETRY_BUDGET_BYTES), 0, 2);
    this.#earned = Math.floor(ratio * ATTEMPT);
    this.#nowMs = nowMs;
    Atomics.compareExchange(this.#words, FILLED, 0, this.#now());
  }

  /** A call was made. */
  earn(): void {
    const words = this.#words;
    if (Atomics.load(words, LEFT) <= MOST - FREE - this.#earned) Atomics.add(words, LEFT, this.#earned);
  }

  /** Whether `spend` would be granted. */
  get affords(): boolean {
    this.#fill();
    return Atomics.load(this.#words, LEFT) >= ATTEMPT - FREE;
  }

  /** Takes one attempt; false if there is none left. */
  spend(): boolean {
    this.#fill();
    return this.#change((left) => (left >= ATTEMPT - FREE ? left - ATTEMPT : undefined));
  }

  #now(): number {
    return Math.floor(this.#nowMs()) | 0;
  }

  /** Time alone fills it up to what is free. Each stretch of it is counted by one thread. */
  #fill(): void {
    const words = this.#words;
    const now = this.#now();
    const filled = Atomics.load(words, FILLED);
    // A word goes round in 50 days.
    const goneMs = (now - filled) | 0;
    if (goneMs <= 0 && goneMs > -CLOCK_MS) return;
    if (Atomics.compareExchange(words, FILLED, filled, now) !== filled) return;
    const gained = (goneMs < 0 ? FILL_MS : Math.min(goneMs, FILL_MS)) * PER_MS;
    this.#change((left) => (left < 0 ? Math.min(left + gained, 0) : undefined));
  }

  /** False if there was nothing to change. */
  #change(next: (left: number) => number | undefined): boolean {
    const words = this.#words;
    for (;;) {
      const left = Atomics.load(words, LEFT);
      const changed = next(left);
      if (changed === undefined) return false;
      if (Atomics.compareExchange(words, LEFT, left, changed) === left) return true;
    }
  }
}

/** Mutual exclusion between threads, by one word of shared memory. */

const FREE = 0;
/** Tries before a thread sleeps: what is done under a lock takes less than a microsecond. */
const SPINS = 200;
/** Who releases wakes nobody, so that it costs nothing; sleepers look again by themselves. */
const SLEEP_MS = 1;

/**
 * A lock over the word at `index`, 0 when free. `holder` names this thread: positive, and no other thread's at the
 * same time. A thread that ends while it holds the lock leaves it locked: see {@link releaseOf}. Who holds it by this
 * object may acquire it once more, and releases it as often. Several are to be acquired in one order by all threads.
 */
export class SharedLock {
  readonly #words: Int32Array;
  readonly #index: number;
  readonly #holder: number;
  #times = 0;

  constructor(words: Int32Array, index: number, holder: number) {
    this.#words = words;
    this.#index = index;
    this.#holder = holder;
  }

  acquire(): void {
    this.#times += 1;
    if (this.#times > 1) return;
    for (let tries = 1; ; tries += 1) {
      const held = Atomics.compareExchange(this.#words, this.#index, FREE, this.#holder);
      if (held === FREE) return;
      // Its holder may have lost its core.
      if (tries % SPINS === 0) Atomics.wait(this.#words, this.#index, held, SLEEP_MS);
    }
  }

  /** As `acquire`; also if `ended`, a thread that is no more, holds it. */
  acquireFrom(ended: number): void {
    const held = Atomics.compareExchange(this.#words, this.#index, ended, this.#holder);
    if (held === ended) this.#times += 1;
    else this.acquire();
  }

  release(): void {
    this.#times -= 1;
    if (this.#times > 0) return;
    Atomics.store(this.#words, this.#index, FREE);
  }
}

/** Frees the lock at `index` if `holder`, a thread that has ended, held it. */
export const releaseOf = (words: Int32Array, index: number, holder: number): void => {
  Atomics.compareExchange(words, index, holder, FREE);
};

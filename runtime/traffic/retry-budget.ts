/** How many attempts after the first an upstream may be sent, so that retries do not make a storm of its trouble. */

/** So many are free at once, and one a second. */
const FREE = 10;
/** What calls have earned is kept up to here. */
const MOST = 100;

/**
 * At most `ratio` of all calls, ten and one a second besides. What is not used is kept for a while: a short outage
 * after a long time of health can be bridged.
 */
export class RetryBudget {
  readonly #ratio: number;
  readonly #nowMs: () => number;
  #left = FREE;
  #filledMs: number;

  /** @param ratio of calls, 0 to 1 */
  constructor(ratio: number, nowMs: () => number = () => performance.now()) {
    this.#ratio = ratio;
    this.#nowMs = nowMs;
    this.#filledMs = nowMs();
  }

  /** A call was made. */
  earn(): void {
    this.#left = Math.min(this.#left + this.#ratio, MOST);
  }

  /** Whether `spend` would be granted. */
  get affords(): boolean {
    this.#fill();
    return this.#left >= 1;
  }

  /** Takes one attempt; false if there is none left. */
  spend(): boolean {
    if (!this.affords) return false;
    this.#left -= 1;
    return true;
  }

  /** Time alone fills it up to what is free. */
  #fill(): void {
    const nowMs = this.#nowMs();
    if (this.#left < FREE) this.#left = Math.min(this.#left + (nowMs - this.#filledMs) / 1000, FREE);
    this.#filledMs = nowMs;
  }
}

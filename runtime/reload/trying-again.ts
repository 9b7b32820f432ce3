/** When to try again what failed for a reason that may pass. */

const FIRST_MS = 500;
const MAX_MS = 30_000;

/** One wait at a time, each twice as long as the one before it. */
export class TryingAgain {
  readonly #again: () => void;
  #timer: NodeJS.Timeout | undefined;
  #nextMs = FIRST_MS;

  constructor(again: () => void) {
    this.#again = again;
  }

  /** It failed: `again` is called after the wait. */
  later(): void {
    clearTimeout(this.#timer);
    const afterMs = this.#nextMs;
    this.#nextMs = Math.min(MAX_MS, afterMs * 2);
    this.#timer = setTimeout(this.#again, afterMs).unref();
  }

  /** What is tried from here on is something else: what failed is not waited for any more. */
  startOver(): void {
    clearTimeout(this.#timer);
    this.#nextMs = FIRST_MS;
  }
}

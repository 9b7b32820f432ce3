/** Long work on a thread that serves: others get their turn in between. */

/** Longer than this nobody waits for the work. */
const SLICE_MS = 1;

/**
 * Asked between the steps of long work. Where several do it side by side they share each slice, and are given the next
 * ones in order.
 */
export class TurnTaking {
  #sinceMs = performance.now();
  readonly #waiting: (() => void)[] = [];

  /**
   * Whether a slice is over. Works that go on side by side ask this before each step, and take the step at once where
   * it is not: a promise is answered to all of them before one goes on.
   */
  get isOver(): boolean {
    return performance.now() - this.#sinceMs >= SLICE_MS;
  }

  /** Resolves at once until a slice is over. */
  async next(): Promise<void> {
    if (!this.isOver) return;
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
      if (this.#waiting.length === 1) setImmediate(this.#begin);
    });
  }

  readonly #begin = (): void => {
    this.#sinceMs = performance.now();
    this.#waiting.shift()?.();
    if (this.#waiting.length > 0) setImmediate(this.#begin);
  };
}

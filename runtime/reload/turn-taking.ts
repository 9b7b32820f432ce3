/** Long work on a thread that serves: others get their turn in between. */
import { setImmediate } from 'node:timers/promises';

/** Longer than this nobody waits for the work. */
const SLICE_MS = 1;

/** Asked between the steps of long work; resolves at once until a slice is over. */
export class TurnTaking {
  #sinceMs = performance.now();

  async next(): Promise<void> {
    if (performance.now() - this.#sinceMs < SLICE_MS) return;
    await setImmediate();
    this.#sinceMs = performance.now();
  }
}

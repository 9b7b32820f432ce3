/** How soon a process that ended may be started again. */

const FIRST_MS = 100;
const MAX_MS = 30_000;

/** A process that lived so long ended for a reason of its own: the row of failures starts anew. */
const SOUND_LIFE_MS = 10_000;

/** 100 ms, doubling with each failure in a row up to 30 s. */
export class RestartBackoff {
  #failures = 0;
  #untilMs = 0;

  /** How long a start must still wait; 0 if it may go ahead. */
  waitMs(nowMs: number): number {
    return Math.max(0, this.#untilMs - nowMs);
  }

  /** A start failed, or a process ended that was not told to after `livedMs`. */
  failed(nowMs: number, livedMs = 0): void {
    if (livedMs >= SOUND_LIFE_MS) this.#failures = 0;
    this.#untilMs = nowMs + Math.min(MAX_MS, FIRST_MS * 2 ** this.#failures);
    this.#failures += 1;
  }

  succeeded(): void {
    this.#failures = 0;
    this.#untilMs = 0;
  }
}

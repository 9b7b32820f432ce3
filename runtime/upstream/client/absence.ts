/** Remembers that nobody took a connection, so that not each request of a flood makes one to learn the same. */

const FIRST_PAUSE_MS = 5;
/** Whoever comes back is noticed as soon; ten attempts a second cost nothing. */
const LONGEST_PAUSE_MS = 100;

export class Absence {
  #cause: Error | undefined;
  #untilMs = 0;
  #pauseMs = 0;

  /** Whether the last attempt failed: another one is to be made alone. */
  get isLikely(): boolean {
    return this.#cause !== undefined;
  }

  /** Why no attempt is made yet, if none is. */
  causeAt(nowMs: number): Error | undefined {
    return nowMs < this.#untilMs ? this.#cause : undefined;
  }

  /** An attempt failed. Several of one moment count as one. */
  found(cause: Error, nowMs: number): void {
    this.#cause = cause;
    if (nowMs < this.#untilMs) return;
    this.#pauseMs = Math.min(Math.max(this.#pauseMs * 2, FIRST_PAUSE_MS), LONGEST_PAUSE_MS);
    this.#untilMs = nowMs + this.#pauseMs;
  }

  /** Somebody is there, or it is not known that nobody is. */
  over(): void {
    this.#cause = undefined;
    this.#untilMs = 0;
    this.#pauseMs = 0;
  }
}

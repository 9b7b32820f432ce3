/** Remembers that nobody took connections, so that not each request of a flood makes one to learn the same. */
import { TracelessError } from '../../errors.ts';

/** So many attempts that failed within the span tell the next ones, and the breakers, enough. */
export const ENOUGH_ATTEMPTS = 10;
/** Whoever comes back is noticed as soon; a hundred attempts a second cost a hundredth of a processor. */
const SPAN_MS = 100;

/** No connection was tried for this request: those for others were refused a moment ago, by `cause`. */
export class NotTried extends TracelessError {
  override readonly name = 'NotTried';
  override readonly cause: Error;

  constructor(cause: Error) {
    super(cause.message);
    this.cause = cause;
  }
}

export class Absence {
  #error: NotTried | undefined;
  #fromMs = Number.NEGATIVE_INFINITY;
  #attempts = 0;

  /** Whether the last attempt failed: not more than enough are to be made at once. */
  get isLikely(): boolean {
    return this.#error !== undefined;
  }

  /** Why no attempt is made yet, if none is. */
  errorAt(nowMs: number): NotTried | undefined {
    return this.#attempts >= ENOUGH_ATTEMPTS && nowMs < this.#fromMs + SPAN_MS ? this.#error : undefined;
  }

  /** An attempt failed. */
  found(cause: Error, nowMs: number): void {
    if (nowMs >= this.#fromMs + SPAN_MS) {
      this.#fromMs = nowMs;
      this.#attempts = 0;
    }
    this.#attempts += 1;
    if (this.#error?.cause !== cause) this.#error = new NotTried(cause);
  }

  /** Somebody is there, or it is not known that nobody is. */
  over(): void {
    this.#error = undefined;
    this.#fromMs = Number.NEGATIVE_INFINITY;
    this.#attempts = 0;
  }
}

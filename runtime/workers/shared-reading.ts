/** One reading for all who ask at a time: how many ask for status and metrics is up to them, what that costs is not. */
import { setImmediate } from 'node:timers/promises';

/** What took long to read is told for so long from when its reading began. */
const MAX_AGE_MS = 1000;

export interface Reading<T> {
  readonly value: T;
  /** Whether it took more than a few thousand steps. */
  readonly isDear: boolean;
}

/** No two readings run at a time, and nobody is told what was read before they asked, but of a dear reading. */
export class SharedReading<T> {
  readonly #read: () => Promise<Reading<T>>;
  readonly #nowMs: () => number;
  /** That has not begun. */
  #next: Promise<T> | undefined;
  #running: Promise<T> | undefined;
  #dear: { readonly value: T; readonly begunMs: number } | undefined;

  constructor(read: () => Promise<Reading<T>>, nowMs: () => number = () => performance.now()) {
    this.#read = read;
    this.#nowMs = nowMs;
  }

  async value(): Promise<T> {
    const dear = this.#recent();
    if (dear !== undefined) return dear.value;
    this.#next ??= this.#afterThatWhichRuns();
    return await this.#next;
  }

  async #afterThatWhichRuns(): Promise<T> {
    await (this.#running?.catch(() => undefined) ?? setImmediate());
    this.#next = undefined;
    const dear = this.#recent();
    if (dear !== undefined) return dear.value;
    this.#running = this.#begin();
    try {
      return await this.#running;
    } finally {
      this.#running = undefined;
    }
  }

  async #begin(): Promise<T> {
    this.#dear = undefined;
    const begunMs = this.#nowMs();
    const { value, isDear } = await this.#read();
    if (isDear) this.#dear = { value, begunMs };
    return value;
  }

  #recent(): { readonly value: T } | undefined {
    return this.#dear !== undefined && this.#nowMs() - this.#dear.begunMs < MAX_AGE_MS
      ? this.#dear
      : undefined;
  }
}

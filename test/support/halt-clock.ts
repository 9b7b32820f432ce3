/** A clock that stands still while the machine halts: nobody is late by what nobody could do. */

const TICK_MS = 10;
/** A thread that has nothing else to do ticks again sooner, unless all stood still. */
const HALT_MS = 100;

export class HaltClock implements Disposable {
  #haltedMs = 0;
  #tickedMs = performance.now();
  readonly #timer = setInterval(() => this.#tick(), TICK_MS);

  nowMs(): number {
    this.#tick();
    return this.#tickedMs - this.#haltedMs;
  }

  #tick(): void {
    const nowMs = performance.now();
    const gapMs = nowMs - this.#tickedMs;
    if (gapMs > HALT_MS) this.#haltedMs += gapMs;
    this.#tickedMs = nowMs;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

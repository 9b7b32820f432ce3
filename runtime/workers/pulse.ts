/** Whether a thread goes on: it counts in memory that the process looks at. No message is sent for it. */

const BEAT_MS = 500;

/** So many looks without a beat: a thread that does something else for so long serves nobody. */
const SILENT_LOOKS = 20;

/** Before its first beat a thread loads the program. */
const STARTING_LOOKS = 120;

export const pulseMemory = (): SharedArrayBuffer => new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);

/** Beats for as long as this thread's event loop turns. */
export const beat = (memory: SharedArrayBuffer): void => {
  const beats = new Int32Array(memory);
  Atomics.add(beats, 0, 1);
  setInterval(() => Atomics.add(beats, 0, 1), BEAT_MS).unref();
};

/** Feels the pulse of one thread. */
export class Pulse {
  readonly #beats: Int32Array;
  #last = 0;
  #looks = 0;

  constructor(memory: SharedArrayBuffer) {
    this.#beats = new Int32Array(memory);
  }

  /**
   * To be called once a beat: whether the thread has hung for too long. Looks are counted, not time: where the process
   * itself was stopped, or had no time to look, no thread is to blame.
   */
  isGone(): boolean {
    const now = Atomics.load(this.#beats, 0);
    this.#looks = now === this.#last ? this.#looks + 1 : 0;
    this.#last = now;
    return this.#looks >= (now === 0 ? STARTING_LOOKS : SILENT_LOOKS);
  }
}

/** Calls `look` once a beat. Ends when what is returned is disposed of. */
export const lookEachBeat = (look: () => void): Disposable => {
  const timer = setInterval(look, BEAT_MS).unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
};

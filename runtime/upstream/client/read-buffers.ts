/** Memory that large bodies are read into: used again once whoever was lent it needs it no more. */
import assert from 'node:assert';
import { notePassed } from '../large/collect.ts';

export const READ_BYTES = 64 * 1024;

/** So many are kept for later, of one thread. */
const MAX_FREE = 128;
/** And that long, where none is asked for. */
const KEPT_MS = 10_000;

/** The last one comes first: it may be in the processor's cache yet. */
let free: ReadBuffer[] = [];
let wasAsked = false;
let timer: NodeJS.Timeout | undefined;

const lookWhetherAsked = (): void => {
  if (!wasAsked) {
    clearInterval(timer);
    timer = undefined;
    free = [];
  }
  wasAsked = false;
};

const keep = (buffer: ReadBuffer): void => {
  // Two would read into one that is there twice.
  assert(buffer.use !== 'free', 'memory was given back twice');
  buffer.use = 'free';
  if (free.length >= MAX_FREE) return;
  free.push(buffer);
  timer ??= setInterval(lookWhetherAsked, KEPT_MS).unref();
};

/** The right to read what was lent until it is given back. Whoever does not give it back leaves it to the collector. */
export class Loan {
  #buffer: ReadBuffer | undefined;

  constructor(buffer: ReadBuffer) {
    this.#buffer = buffer;
  }

  /** Nobody reads it any more. Harmless the second time. */
  giveBack(): void {
    const buffer = this.#buffer;
    if (buffer === undefined) return;
    this.#buffer = undefined;
    keep(buffer);
  }
}

export class ReadBuffer {
  readonly bytes = Buffer.allocUnsafeSlow(READ_BYTES);
  use: 'taken' | 'lent' | 'free' = 'taken';

  /** Once; then it is another's. */
  lend(): Loan {
    assert(this.use === 'taken', 'memory that was not taken was lent');
    this.use = 'lent';
    return new Loan(this);
  }

  /** Of a buffer that was not lent: nothing in it is read any more. */
  release(): void {
    assert(this.use === 'taken', 'memory that was not taken was released');
    keep(this);
  }
}

/** What is in it is not cleared. */
export const takeReadBuffer = (): ReadBuffer => {
  wasAsked = true;
  const kept = free.pop();
  if (kept !== undefined) {
    kept.use = 'taken';
    return kept;
  }
  notePassed(READ_BYTES);
  return new ReadBuffer();
};

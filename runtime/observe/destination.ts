import { closeSync, openSync, write, writeSync } from 'node:fs';

const FLUSH_CHARACTERS = 128 * 1024;
const FLUSH_MS = 100;
/** What is kept for a reader that has stopped reading; beyond it, lines are dropped rather than memory filled. */
const MAX_HELD_CHARACTERS = 16 * 1024 * 1024;
const RETRY_MS = 20;
/** How long the end of the process waits for a reader that is not ready. */
const LAST_MS = 1_000;

/** Where lines go. Whole lines only, each with its line feed. */
export interface LineDestination {
  write(lines: string): void;
  /**
   * Writes what is held before it returns. For the end of the process.
   * @param withinMs how long a reader that is not ready is waited for; what it has not taken then is dropped
   */
  flushSync(withinMs?: number): void;
  /** Writes what is held; resolves when nothing is held any more. Absent where nothing is waited for. */
  settled?(): Promise<void>;
  /** Writes what is held and lets go of the file. */
  close(): void;
  /** How often lines were lost: the destination failed, or its reader fell too far behind. */
  readonly dropped: number;
}

/** Those that hold lines. */
const holding = new Set<LineDestination>();

process.on('exit', () => {
  for (const destination of holding) destination.flushSync();
});

const isBusy = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'EAGAIN';

const pause = (): void => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
};

/** Whether all was written. */
const writeWithin = (fd: number, bytes: Buffer, withinMs: number): boolean => {
  const startedMs = performance.now();
  let rest = bytes;
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(fd, rest));
    } catch (error) {
      if (!isBusy(error) || performance.now() - startedMs >= withinMs) return false;
      pause();
    }
  }
  return true;
};

const NOTHING: Buffer = Buffer.alloc(0);

/** A destination that writes to a file or descriptor. */
class LineWriter implements LineDestination {
  readonly #fd: number;
  readonly #ownsFd: boolean;
  #held = '';
  /** Comes before what is held: what is being written, less what has been. */
  #rest = NOTHING;
  /** Whether the system has the rest, and has not told yet how much of it was written. */
  #isUnderWay = false;
  /** Whether what is held is to follow what is being written at once. */
  #isDue = false;
  #closed = false;
  #timer: NodeJS.Timeout | undefined;
  #retry: NodeJS.Timeout | undefined;
  #settled: PromiseWithResolvers<void> | undefined;
  dropped = 0;

  constructor(target: number | string) {
    this.#ownsFd = typeof target === 'string';
    this.#fd = typeof target === 'string' ? openSync(target, 'a') : target;
  }

  write(lines: string): void {
    if (this.#held.length + lines.length > MAX_HELD_CHARACTERS) {
      this.dropped += 1;
      return;
    }
    if (this.#held === '') holding.add(this);
    this.#held += lines;
    if (this.#held.length >= FLUSH_CHARACTERS) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), FLUSH_MS).unref();
  }

  flushSync(withinMs = LAST_MS): void {
    // What the system has is left to it: written again, a part of it would be there twice.
    const rest = this.#isUnderWay ? NOTHING : this.#rest;
    const bytes = Buffer.concat([rest, this.#takeHeld()]);
    clearTimeout(this.#retry);
    if (!writeWithin(this.#fd, bytes, withinMs)) this.dropped += 1;
    if (!this.#isUnderWay) this.#wrote(NOTHING);
  }

  async settled(): Promise<void> {
    this.#flush();
    if (this.#rest.length === 0) return;
    this.#settled ??= Promise.withResolvers<void>();
    await this.#settled.promise;
  }

  close(): void {
    clearTimeout(this.#timer);
    this.flushSync();
    this.#closed = true;
    if (!this.#isUnderWay) this.#release();
  }

  #takeHeld(): Buffer {
    const bytes = Buffer.from(this.#held);
    this.#held = '';
    return bytes;
  }

  #release(): void {
    if (this.#ownsFd) closeSync(this.#fd);
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#isDue = this.#rest.length > 0;
    if (this.#isDue || this.#held === '') return;
    this.#rest = this.#takeHeld();
    this.#writeOn();
  }

  #writeOn(): void {
    this.#isUnderWay = true;
    write(this.#fd, this.#rest, (error, written) => {
      this.#isUnderWay = false;
      if (this.#closed) {
        if (!writeWithin(this.#fd, this.#rest.subarray(written), 0)) this.dropped += 1;
        this.#wrote(NOTHING);
        this.#release();
      } else this.#took(error, written);
    });
  }

  /** Of a reader that is behind. Writing to it does not block, so that how much is left is known at any time. */
  #tryOn(): void {
    try {
      this.#took(null, writeSync(this.#fd, this.#rest));
    } catch (error) {
      this.#took(error, 0);
    }
  }

  #took(error: unknown, written: number): void {
    if (error !== null && isBusy(error)) {
      this.#retry = setTimeout(() => this.#tryOn(), RETRY_MS).unref();
      return;
    }
    if (error !== null) this.dropped += 1;
    this.#wrote(error === null ? this.#rest.subarray(written) : NOTHING);
    if (this.#rest.length > 0) this.#writeOn();
    else if (this.#isDue) this.#flush();
  }

  #wrote(rest: Buffer): void {
    this.#rest = rest;
    if (rest.length > 0 || this.#held !== '') return;
    holding.delete(this);
    this.#settled?.resolve();
    this.#settled = undefined;
  }
}

/**
 * Opens a path for appending, or takes a descriptor: 2 is stderr. Lines are held and written together, when they
 * are many or a tenth of a second old, and at exit. Writing never blocks while the gateway runs, and never throws.
 */
export const openDestination = (target: number | string): LineDestination => new LineWriter(target);

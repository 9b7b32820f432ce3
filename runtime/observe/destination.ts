import { closeSync, openSync, write, writeSync } from 'node:fs';

const FLUSH_CHARACTERS = 128 * 1024;
const FLUSH_MS = 100;
/** What is kept for a reader that has stopped reading; beyond it, lines are dropped rather than memory filled. */
const MAX_HELD_CHARACTERS = 16 * 1024 * 1024;
const RETRY_MS = 20;
/** How long the end of the process waits for a reader that is not ready. */
const MAX_SYNC_RETRIES = 50;

/** Where lines go. Whole lines only, each with its line feed. */
export interface LineDestination {
  write(lines: string): void;
  /** Writes what is held before it returns. For the end of the process. */
  flushSync(): void;
  /** Resolves when nothing is being written any more; `flushSync` has to follow. Absent where nothing ever is. */
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

/** A destination that writes to a file or descriptor. */
class LineWriter implements LineDestination {
  readonly #fd: number;
  readonly #ownsFd: boolean;
  #held = '';
  #writing: Buffer | undefined;
  #closed = false;
  #timer: NodeJS.Timeout | undefined;
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

  flushSync(): void {
    let bytes = this.#takeHeld();
    let retries = 0;
    while (bytes.length > 0) {
      try {
        bytes = bytes.subarray(writeSync(this.#fd, bytes));
      } catch (error) {
        retries += 1;
        if (!isBusy(error) || retries > MAX_SYNC_RETRIES) {
          this.dropped += 1;
          return;
        }
        pause();
      }
    }
  }

  async settled(): Promise<void> {
    if (this.#writing === undefined) return;
    this.#settled ??= Promise.withResolvers<void>();
    await this.#settled.promise;
  }

  close(): void {
    clearTimeout(this.#timer);
    this.flushSync();
    this.#closed = true;
    if (this.#writing === undefined) this.#release();
  }

  #takeHeld(): Buffer {
    const bytes = Buffer.from(this.#held);
    this.#held = '';
    holding.delete(this);
    return bytes;
  }

  #release(): void {
    if (this.#ownsFd) closeSync(this.#fd);
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#writing !== undefined) return;
    if (this.#settled !== undefined) {
      this.#settled.resolve();
      this.#settled = undefined;
      return;
    }
    if (this.#held === '') return;
    this.#writing = this.#takeHeld();
    this.#writeOn(this.#writing);
  }

  #writeOn(bytes: Buffer): void {
    if (this.#closed) {
      this.#release();
      return;
    }
    write(this.#fd, bytes, (error, written) => {
      if (error !== null && isBusy(error) && !this.#closed) {
        setTimeout(() => this.#writeOn(bytes), RETRY_MS).unref();
      } else if (error === null && written < bytes.length) {
        this.#writeOn(bytes.subarray(written));
      } else {
        if (error !== null) this.dropped += 1;
        this.#writing = undefined;
        if (this.#closed) this.#release();
        else this.#flush();
      }
    });
  }
}

/**
 * Opens a path for appending, or takes a descriptor: 2 is stderr. Lines are held and written together, when they
 * are many or a tenth of a second old, and at exit. Writing never blocks while the gateway runs, and never throws.
 */
export const openDestination = (target: number | string): LineDestination => new LineWriter(target);

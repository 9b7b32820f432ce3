import pino from 'pino';

const FLUSH_BYTES = 16 * 1024;
const FLUSH_MS = 100;
/** What is kept for a reader that has stopped reading; beyond it, lines are dropped rather than memory filled. */
const MAX_HELD_BYTES = 16 * 1024 * 1024;

/** Where lines go. Whole lines only, each with its line feed. */
export interface LineDestination {
  write(lines: string): void;
  /** Writes what is held before it returns. For the end of the process. */
  flushSync(): void;
  /** Lines that were dropped. */
  readonly dropped: number;
}

/**
 * Opens a file by path, or takes a descriptor (2 is stderr). Lines are held and written together, when they are
 * many or a tenth of a second old, and at exit. A destination that fails loses lines; it never stops the gateway.
 */
export const openDestination = (target: number | string): LineDestination => {
  const stream = pino.destination({
    dest: target,
    sync: false,
    minLength: FLUSH_BYTES,
    periodicFlush: FLUSH_MS,
    maxLength: MAX_HELD_BYTES,
  });
  let dropped = 0;
  stream.on('drop', () => {
    dropped += 1;
  });
  stream.on('error', () => {
    dropped += 1;
  });
  return {
    write: (lines) => {
      stream.write(lines);
    },
    flushSync: () => {
      try {
        stream.flushSync();
      } catch {
        dropped += 1;
      }
    },
    get dropped() {
      return dropped;
    },
  };
};

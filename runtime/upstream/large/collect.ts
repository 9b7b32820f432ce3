/**
 * Keeps small what large messages leave behind: each piece is a buffer of its own that V8, left alone, lets lie until
 * there are about 64 MB of them.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const EVERY_BYTES = 16 * 1024 * 1024;

type Collector = (options: { readonly type: 'minor' }) => void;

let collector: Collector | undefined;
let passedBytes = 0;

const findCollector = (): Collector => {
  setFlagsFromString('--expose-gc');
  const found: unknown = runInNewContext('gc');
  setFlagsFromString('--no-expose-gc');
  return typeof found === 'function' ? (found as Collector) : () => undefined;
};

/** So many bytes have passed through buffers that nobody needs any more, or soon will not. */
export const notePassed = (bytes: number): void => {
  passedBytes += bytes;
  if (passedBytes < EVERY_BYTES) return;
  passedBytes = 0;
  collector ??= findCollector();
  collector({ type: 'minor' });
};

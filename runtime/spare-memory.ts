/** Gives back, once, the memory that the start of the program took and serving does not need. */
import { performance } from 'node:perf_hooks';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { libc } from './libc.ts';

/** So long a time is looked at. */
const WINDOW_MS = 400;
/** The share of the window in which an idle thread may have worked. */
const IDLE_SHARE = 0.1;
/** Of more the start is a small part, and a collection, which takes two milliseconds for each MiB alive, is noticed. */
const MAX_HEAP_BYTES = 48 * 1024 * 1024;
/** Who is busy for so many windows in a row is left alone: V8 sees to itself where there is work. */
const MAX_WINDOWS = 50;

type CollectGarbage = (options: { readonly type: 'major'; readonly flavor: 'last-resort' }) => void;

/** The last resort also drops the code that ran at the start alone. */
const collect = (): void => {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as CollectGarbage;
  collectGarbage({ type: 'major', flavor: 'last-resort' });
};

/** glibc keeps what was freed between what is still used: half of all that it has once sources were read and parsed. */
const trim = (): void => void libc({ malloc_trim: { arguments: ['u64'], return: 'i32' } })?.malloc_trim(0n);

/**
 * Waits for this thread to be idle, for a collection stops it for tens of milliseconds. Keeps no process alive, and leaves
 * those alone that hold much.
 */
export const spareMemoryWhenIdle = (): void => {
  let before = performance.eventLoopUtilization();
  let windows = 0;
  const timer = setInterval(() => {
    const now = performance.eventLoopUtilization();
    const isIdle = performance.eventLoopUtilization(now, before).utilization <= IDLE_SHARE;
    before = now;
    windows += 1;
    if (!isIdle && windows < MAX_WINDOWS) return;
    clearInterval(timer);
    if (isIdle && getHeapStatistics().used_heap_size <= MAX_HEAP_BYTES) {
      collect();
      trim();
    }
  }, WINDOW_MS).unref();
};

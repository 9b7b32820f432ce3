/** Imported into a gateway (`--import`): counts the timers that its main thread has, for a debugger to ask for. */
import { createHook } from 'node:async_hooks';
import { isMainThread } from 'node:worker_threads';

const timers = new Set<number>();

if (isMainThread) {
  createHook({
    init: (id, type) => type === 'Timeout' && timers.add(id),
    destroy: (id) => timers.delete(id),
  }).enable();
  Object.assign(globalThis, { countTimers: () => timers.size });
}

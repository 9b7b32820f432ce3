/**
 * Imported into the gateway under test (`--import`), by its main thread and by each that serves. Over the IPC channel
 * it is told to end a thread, or asked what all threads hold.
 */
import { channel } from 'node:diagnostics_channel';
import { BroadcastChannel, isMainThread, threadId, type Worker } from 'node:worker_threads';

/** What one thread holds after it has collected its garbage. */
export interface Held {
  readonly thread: number;
  readonly heapBytes: number;
  /** Timers, sockets and whatever else keeps its event loop going, by kind. */
  readonly resources: Readonly<Record<string, number>>;
}

export type Order = { readonly kill: number } | { readonly ask: number };

const held = (): Held => {
  globalThis.gc?.();
  const resources: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) resources[kind] = (resources[kind] ?? 0) + 1;
  return { thread: threadId, heapBytes: process.memoryUsage().heapUsed, resources };
};

// What is sent over it reaches all other threads.
const others = new BroadcastChannel('soak');
others.unref();

const obey = (): void => {
  const threads = new Set<Worker>();
  channel('worker_threads').subscribe((message) => {
    const { worker } = message as { readonly worker: Worker };
    threads.add(worker);
    worker.once('exit', () => threads.delete(worker));
  });
  others.onmessage = ({ data }) => void process.send?.(data);
  process.on('message', (order: Order) => {
    if ('kill' in order) void [...threads][order.kill % threads.size]?.terminate();
    else {
      process.send?.(held());
      others.postMessage('tell');
    }
  });
  // The gateway ends as if nobody watched it.
  process.channel?.unref();
};

if (isMainThread) obey();
else
  others.onmessage = ({ data }) => {
    if (data === 'tell') others.postMessage(held());
  };

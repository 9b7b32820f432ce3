/** Has threads prepare a graph. */
import type { LoadedGraph } from '../reload/reloader.ts';
import type { Bound, Ports, SharedMemories } from './messages.ts';
import type { Worker } from './worker.ts';

/** A graph that all threads have prepared. */
export interface PreparedPool {
  readonly loaded: LoadedGraph;
  readonly memories: SharedMemories;
  readonly bound: Readonly<Record<string, Bound>>;
}

/** Those that the system chose where one thread bound its listeners: the others take the same. */
export const portsOf = (bound: Readonly<Record<string, Bound>>): Ports =>
  Object.fromEntries(
    Object.entries(bound).flatMap(([name, { port }]) => (port === undefined ? [] : [[name, port]])),
  );

/** Where its listeners are bound; undefined if the thread ended meanwhile, which says nothing of the graph. */
export const prepareOn = async (
  worker: Worker,
  loaded: LoadedGraph,
  memories: SharedMemories,
  ports: Ports,
): Promise<Readonly<Record<string, Bound>> | undefined> => {
  try {
    const answer = await worker.prepare(loaded, memories, ports);
    return answer.kind === 'prepared' ? answer.bound : {};
  } catch (thrown) {
    if (worker.ended) return undefined;
    throw thrown;
  }
};

/** Has a thread prepare what the others have. */
export const bring = async (worker: Worker, { loaded, memories, bound }: PreparedPool): Promise<void> => {
  const there = await prepareOn(worker, loaded, memories, portsOf(bound));
  if (there === undefined) throw new Error('the thread ended');
};

/** Waits for all; rejects with the first that failed. */
export const allSettledOrThrow = async (work: readonly Promise<unknown>[]): Promise<void> => {
  const failed = (await Promise.allSettled(work)).find((each) => each.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
};

/** The load process as seen by who drives it. */
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { LoadJob, LoadMessage, LoadResult } from './load.ts';
import { startPinned } from './pinned-process.ts';

const PROGRAM = fileURLToPath(new URL('load.ts', import.meta.url));

export interface LoadDriver extends AsyncDisposable {
  /** Runs one job; not two at a time. Rejects on the first wrong reply. */
  run(job: LoadJob): Promise<LoadResult>;
}

/** Starts the load process on `core`. */
export const startLoad = (core: number, flags: readonly string[] = []): LoadDriver => {
  const command = [process.execPath, ...flags, PROGRAM];
  const pinned = startPinned(core, command, ['ignore', 'inherit', 'inherit', 'ipc']);
  const lost = pinned.ended.then((): never => {
    throw new Error('the load process ended');
  });
  lost.catch(() => {});
  const run = async (job: LoadJob): Promise<LoadResult> => {
    const answer = once(pinned.child, 'message');
    pinned.child.send(job);
    const [message] = (await Promise.race([answer, lost])) as [LoadMessage];
    if ('error' in message) throw new Error(message.error);
    return message.result;
  };
  return { run, [Symbol.asyncDispose]: () => pinned[Symbol.asyncDispose]() };
};

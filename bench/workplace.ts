/** Where a bench works. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Cores, chooseCores } from './pinned-process.ts';
import { startProgram } from './target.ts';

/** Disposing ends the upstream and removes the folder. */
export interface Workplace extends AsyncDisposable {
  /** Of its own, and empty. */
  readonly folder: string;
  readonly cores: Cores;
  /** Shares its core with the load. */
  readonly upstream: Awaited<ReturnType<typeof startProgram>>;
}

export const openWorkplace = async (upstreamFlags?: readonly string[]): Promise<Workplace> => {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'gatewright-bench-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const cores = chooseCores();
  const upstream = stack.use(await startProgram(cores.load, 'upstream.ts', [], upstreamFlags));
  const opened = stack.move();
  return { folder, cores, upstream, [Symbol.asyncDispose]: () => opened.disposeAsync() };
};

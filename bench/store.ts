/** The store that limits are counted in: a server of the bench's own, which keeps nothing on disk. */
import { spawnSync } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { startPinned } from './pinned-process.ts';
import { freePort, isListening, type Program } from './target.ts';

const START_DEADLINE_MS = 5_000;
const POLL_MS = 10;

/** Whether there is a program for it. */
export const hasStore = (): boolean =>
  spawnSync('redis-server', ['--version'], { stdio: 'ignore' }).error === undefined;

/** Starts it on `core`; what it writes lies in `folder`. */
export const startStore = async (core: number, folder: string): Promise<Program> => {
  const port = await freePort();
  const command = [
    'redis-server',
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--dir',
    folder,
    '--save',
    '',
  ];
  const store = startPinned(core, command, 'ignore');
  const deadlineMs = performance.now() + START_DEADLINE_MS;
  while (!(await isListening(port))) {
    if (performance.now() > deadlineMs) throw new Error('the store does not listen');
    await delay(POLL_MS);
  }
  return { pid: store.pid, port, [Symbol.asyncDispose]: () => store[Symbol.asyncDispose]() };
};

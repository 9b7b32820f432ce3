/** The store of the gateway under test, a real server, empty whenever it starts. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../support/free-port.ts';
import { RestartedProcess } from './restarted-process.ts';

export const isStoreMissing = (): boolean =>
  spawnSync('redis-server', ['--version'], { stdio: 'ignore' }).error !== undefined;

const START_DEADLINE_MS = 10_000;
const POLL_MS = 20;

const listens = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });

const startServer = async (port: number, folder: string): Promise<ChildProcess> => {
  const options = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', ''];
  const child = spawn('redis-server', options, { stdio: 'ignore' });
  const deadlineMs = performance.now() + START_DEADLINE_MS;
  while (!(await listens(port))) {
    if (performance.now() > deadlineMs) {
      child.kill('SIGKILL');
      throw new Error('the store does not start');
    }
    await delay(POLL_MS);
  }
  return child;
};

export class Store extends RestartedProcess {
  readonly port: number;

  private constructor(port: number, folder: string) {
    super(() => startServer(port, folder));
    this.port = port;
  }

  /** Starts it; `folder` is where it may write. */
  static async start(folder: string): Promise<Store> {
    const store = new Store(await freePort(), folder);
    await store.resume();
    return store;
  }
}

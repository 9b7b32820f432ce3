/** The store of the gateway under test, a real server that can be stopped, halted and started again, empty. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../support/free-port.ts';

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

export class Store implements AsyncDisposable {
  readonly port: number;
  readonly #folder: string;
  #child: ChildProcess | undefined;

  private constructor(port: number, folder: string) {
    this.port = port;
    this.#folder = folder;
  }

  /** Starts it; `folder` is where it may write. */
  static async start(folder: string): Promise<Store> {
    const store = new Store(await freePort(), folder);
    await store.resume();
    return store;
  }

  async resume(): Promise<void> {
    if (this.#child !== undefined) return;
    const options = ['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.#folder, '--save', ''];
    this.#child = spawn('redis-server', options, { stdio: 'ignore' });
    const deadlineMs = performance.now() + START_DEADLINE_MS;
    while (!(await listens(this.port))) {
      if (performance.now() > deadlineMs) throw new Error('the store does not start');
      await delay(POLL_MS);
    }
  }

  async stop(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    this.#child = undefined;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  halt(): void {
    this.#child?.kill('SIGSTOP');
  }

  go(): void {
    this.#child?.kill('SIGCONT');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

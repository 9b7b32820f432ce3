/** Upstreams as processes that can be killed, halted and started again at the same port. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { freePort } from '../support/free-port.ts';

const PROGRAM = fileURLToPath(new URL('upstream.ts', import.meta.url));

export class UpstreamProcess implements AsyncDisposable {
  readonly port: number;
  readonly #kind: 'modern' | 'asking';
  #child: ChildProcess | undefined;

  private constructor(kind: 'modern' | 'asking', port: number) {
    this.#kind = kind;
    this.port = port;
  }

  static async start(kind: 'modern' | 'asking'): Promise<UpstreamProcess> {
    const upstream = new UpstreamProcess(kind, await freePort());
    await upstream.resume();
    return upstream;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/mcp`;
  }

  /** Starts it where it does not run. Resolves once it listens. */
  async resume(): Promise<void> {
    if (this.#child !== undefined) return;
    const child = spawn(process.execPath, [PROGRAM, this.#kind, String(this.port)], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.#child = child;
    const ended = once(child, 'exit').then(() => {
      throw new Error(`the upstream ${this.#kind} does not start`);
    });
    ended.catch(() => undefined);
    await Promise.race([once(child, 'message'), ended]);
  }

  /** Ends it at once, as a crash does. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    this.#child = undefined;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  /** It holds its connections and answers nothing. */
  halt(): void {
    this.#child?.kill('SIGSTOP');
  }

  go(): void {
    this.#child?.kill('SIGCONT');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill();
  }
}

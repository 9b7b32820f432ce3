/** A process that can be ended as by a crash, halted, and started again. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

export class RestartedProcess implements AsyncDisposable {
  readonly #start: () => Promise<ChildProcess>;
  #child: Promise<ChildProcess> | undefined;

  /** @param start resolves once it serves */
  constructor(start: () => Promise<ChildProcess>) {
    this.#start = start;
  }

  /** Starts it where it does not run. Resolves once it serves. */
  async resume(): Promise<void> {
    this.#child ??= this.#start();
    await this.#child;
  }

  /** Ends it at once. */
  async kill(): Promise<void> {
    const starting = this.#child;
    if (starting === undefined) return;
    this.#child = undefined;
    const child = await starting;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  /** It holds its connections and answers nothing. */
  async halt(): Promise<void> {
    (await this.#child)?.kill('SIGSTOP');
  }

  async go(): Promise<void> {
    (await this.#child)?.kill('SIGCONT');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill();
  }
}

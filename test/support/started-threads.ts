/** The threads that this process starts for as long as it is not disposed of, in order. */
import { channel } from 'node:diagnostics_channel';
import type { Worker } from 'node:worker_threads';

export class StartedThreads implements Disposable {
  readonly all: Worker[] = [];

  constructor() {
    channel('worker_threads').subscribe(this.#remember);
  }

  readonly #remember = (message: unknown): void => void this.all.push((message as { worker: Worker }).worker);

  /** Ends those that have been started so far, as a crash does. */
  async terminate(): Promise<void> {
    await Promise.all(this.all.splice(0).map((thread) => thread.terminate()));
  }

  [Symbol.dispose](): void {
    channel('worker_threads').unsubscribe(this.#remember);
  }
}

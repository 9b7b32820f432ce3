/** One thread that serves, as the process sees it. */
import { Worker as Thread } from 'node:worker_threads';
import type { PressureReason } from '../traffic/pressure.ts';
import type { FromWorker, ToWorker, WorkerData } from './messages.ts';

/** The program of a thread: beside this file in the sources, beside the bundle once built. */
const PROGRAM = new URL(import.meta.url.endsWith('.ts') ? './thread.ts' : './thread.js', import.meta.url);

type WithoutId<T> = T extends unknown ? Omit<T, 'id'> : never;
export type Asked = WithoutId<ToWorker>;
export type Answer = Exclude<FromWorker, { kind: 'lines' | 'pressure' | 'children' | 'failed' }>;

export interface WorkerEvents {
  readonly onLines: (lines: string) => void;
  /** The thread has ended without being told to; what was asked of it is rejected. */
  readonly onEnd: (cause: Error) => void;
}

/** Asks a thread and hands on what it tells. */
export class Worker {
  readonly data: WorkerData;
  readonly #thread: Thread;
  readonly #waiting = new Map<number, PromiseWithResolvers<Answer>>();
  #ids = 0;
  #ended = false;
  #pressure: readonly PressureReason[] = [];
  #children: readonly number[] = [];

  constructor(data: WorkerData, events: WorkerEvents) {
    this.data = data;
    this.#thread = new Thread(PROGRAM, { workerData: data, stdout: false, stderr: false });
    let cause = new Error('the thread ended');
    this.#thread.on('message', (message: FromWorker) => {
      if (message.kind === 'lines') events.onLines(message.lines);
      else if (message.kind === 'pressure') this.#pressure = message.reasons;
      else if (message.kind === 'children') this.#children = message.pids;
      else this.#settle(message);
    });
    this.#thread.on('error', (error) => {
      cause = error as Error;
    });
    this.#thread.on('exit', () => {
      const wasEnded = this.#ended;
      this.#ended = true;
      this.#killChildren();
      for (const { reject } of this.#waiting.values()) reject(cause);
      this.#waiting.clear();
      if (!wasEnded) events.onEnd(cause);
    });
  }

  /** Whether the thread is over. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Why it refuses new work; empty if it does not. */
  get pressure(): readonly PressureReason[] {
    return this.#pressure;
  }

  /** Rejects with what the thread failed with, or if it ends. */
  ask(asked: Asked): Promise<Answer> {
    if (this.#ended) return Promise.reject(new Error('the thread ended'));
    this.#ids += 1;
    const answer = Promise.withResolvers<Answer>();
    this.#waiting.set(this.#ids, answer);
    this.#thread.postMessage({ ...asked, id: this.#ids } as ToWorker);
    return answer.promise;
  }

  /** Ends the thread, whatever it does. */
  async end(): Promise<void> {
    this.#ended = true;
    await this.#thread.terminate();
  }

  /** Ends the thread as if it had ended by itself. */
  async cut(): Promise<void> {
    await this.#thread.terminate();
  }

  /** A thread that was ended had no time to. Nobody waits for them any more, so that no pid is another's by now. */
  #killChildren(): void {
    for (const pid of this.#children)
      try {
        process.kill(-pid, 'SIGKILL');
      } catch {
        // It is gone.
      }
  }

  #settle(message: Exclude<FromWorker, { kind: 'lines' | 'pressure' | 'children' }>): void {
    const waiting = this.#waiting.get(message.id);
    if (waiting === undefined) return;
    this.#waiting.delete(message.id);
    if (message.kind === 'failed')
      waiting.reject(Object.assign(new Error(message.message), { code: message.code }));
    else waiting.resolve(message);
  }
}

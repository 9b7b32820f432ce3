/** One thread that serves, as the process sees it. */
import { setTimeout as delay } from 'node:timers/promises';
import { Worker as Thread } from 'node:worker_threads';
import type { LoadedGraph } from '../reload/reloader.ts';
import { GraphTeller, transferOf } from '../reload/told-graph.ts';
import type { PressureReason } from '../traffic/pressure.ts';
import type { FromWorker, Ports, SharedMemories, ToWorker, WorkerData } from './messages.ts';
import { Pulse } from './pulse.ts';
import { reap } from './reap.ts';
import { tellMemories } from './told-memories.ts';

/** The program of a thread: beside this file in the sources, beside the bundle once built. */
const PROGRAM = new URL(import.meta.url.endsWith('.ts') ? './thread.ts' : './thread.js', import.meta.url);

/** How long a thread that is ended is waited for. */
const END_MS = 5_000;

const alive = new Set<Worker>();

// Threads that end with the process end without a word of theirs.
process.on('exit', () => {
  for (const worker of alive) worker.killChildren();
});

type WithoutId<T> = T extends unknown ? Omit<T, 'id'> : never;
type Asked = WithoutId<ToWorker>;
export type Answer = Exclude<FromWorker, { kind: 'lines' | 'pressure' | 'children' | 'failed' }>;

export interface WorkerEvents {
  readonly onLines: (lines: string) => void;
  /** The thread has ended without being told to; what was asked of it is rejected. */
  readonly onEnd: (cause: Error) => void;
}

/** What was not answered in time. */
const silent = (): Error =>
  Object.assign(new Error('a thread did not answer in time'), { code: 'thread_silent' });

/** Asks a thread and hands on what it tells. */
export class Worker {
  readonly data: WorkerData;
  readonly #pulse: Pulse;
  readonly #thread: Thread;
  readonly #graphs = new GraphTeller();
  #memories: SharedMemories = {};
  readonly #waiting = new Map<number, PromiseWithResolvers<Answer>>();
  readonly #events: WorkerEvents;
  #ids = 0;
  /** Whether it was told to end. */
  #wanted = false;
  #cut = false;
  #ended = false;
  #pressure: readonly PressureReason[] = [];
  #children: readonly number[] = [];

  constructor(data: WorkerData, events: WorkerEvents) {
    this.data = data;
    this.#events = events;
    this.#pulse = new Pulse(data.pulse);
    alive.add(this);
    this.#thread = new Thread(PROGRAM, { workerData: data, name: 'serving', stdout: false, stderr: false });
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
    this.#thread.on('exit', () => this.#finish(cause));
  }

  /** Whether the thread is over, or about to be. */
  get ended(): boolean {
    return this.#ended || this.#cut;
  }

  /** Why it refuses new work; empty if it does not. */
  get pressure(): readonly PressureReason[] {
    return this.#pressure;
  }

  /** Has it prepare a graph, telling it what it does not know yet. Rejects as `ask`. */
  prepare(loaded: LoadedGraph, memories: SharedMemories, ports: Ports): Promise<Answer> {
    const { artifactHash, effectiveHash } = loaded;
    const known = this.#memories;
    this.#memories = memories;
    const told = this.#graphs.tell(loaded);
    const asked = {
      kind: 'prepare',
      told,
      hashes: { artifactHash, effectiveHash },
      memories: tellMemories(known, memories),
      ports,
    } as const;
    return this.ask(asked, undefined, transferOf(told));
  }

  /** As of the last look, to be taken once a beat: whether it hangs, so that nothing but an end from outside helps. */
  hangs(): boolean {
    return !this.ended && this.#pulse.isGone();
  }

  /**
   * Rejects with what the thread failed with, or if it ends, or with the code `thread_silent` after the time, if one is
   * given: whoever asks what may take as long as it likes relies on threads that hang being ended.
   */
  ask(asked: Asked, withinMs?: number, transferred: readonly ArrayBuffer[] = []): Promise<Answer> {
    if (this.ended) return Promise.reject(new Error('the thread ended'));
    this.#ids += 1;
    const id = this.#ids;
    const answer = Promise.withResolvers<Answer>();
    this.#waiting.set(id, answer);
    this.#thread.postMessage({ ...asked, id } as ToWorker, transferred);
    if (withinMs === undefined) return answer.promise;
    const late = setTimeout(() => {
      this.#waiting.delete(id);
      answer.reject(silent());
    }, withinMs);
    return answer.promise.finally(() => clearTimeout(late));
  }

  /** Ends the thread, whatever it does. */
  async end(): Promise<void> {
    this.#wanted = true;
    await Promise.race([this.#thread.terminate(), delay(END_MS, undefined, { ref: false })]);
  }

  /** Ends the thread as if it had ended by itself. Nothing that it was asked is waited for any more. */
  async cut(): Promise<void> {
    this.#cut = true;
    const cause = new Error('the thread was ended');
    this.#rejectAll(cause);
    // One that waits within the system for something that does not come runs no code any more that could be ended.
    const late = setTimeout(() => this.#finish(cause), END_MS).unref();
    await this.#thread.terminate();
    clearTimeout(late);
  }

  #finish(cause: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    alive.delete(this);
    this.killChildren();
    reap(this.#children);
    this.#rejectAll(cause);
    if (!this.#wanted) this.#events.onEnd(cause);
  }

  #rejectAll(cause: Error): void {
    for (const { reject } of this.#waiting.values()) reject(cause);
    this.#waiting.clear();
  }

  /** For a thread that has no time to. Nobody waits for them any more, so that no pid is another's by now. */
  killChildren(): void {
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

/** The threads that serve: started together, reloaded in two phases, replaced when one ends. */
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { EndBounds } from '../end-bounds.ts';
import type { Log } from '../observe/log.ts';
import { newReplicaId } from '../peers/peers.ts';
import type { LoadedGraph } from '../reload/reloader.ts';
import type { Statement } from '../state/stored-table.ts';
import type { Filled, KeyedLimitNode } from '../traffic/fill.ts';
import type { PressureReason } from '../traffic/pressure.ts';
import { assertAddressesFree } from './assert-free.ts';
import { filledMemory } from './filled-memory.ts';
import { Memories } from './memories.ts';
import type { Bound, SharedMemories, WorkerState } from './messages.ts';
import { allSettledOrThrow, bring, type PreparedPool, portsOf, prepareOn } from './prepare-on.ts';
import { lookEachBeat, pulseMemory } from './pulse.ts';
import { ToldStates } from './told-states.ts';
import { Worker } from './worker.ts';

export interface PoolOptions {
  /** How many threads. */
  readonly count: number;
  readonly version: string;
  /** The folder of the configuration file, absolute. */
  readonly baseDirectory: string;
  readonly log: Log;
  /** Who is revoked: what a new thread is told before all else. */
  readonly revoked: () => readonly Statement[];
  /** Log lines of threads. */
  readonly onLines: (lines: string) => void;
  /** A thread has ended without being told to; another takes its place. */
  readonly onRestart: () => void;
}

const FIRST_RESTART_MS = 50;
const MAX_RESTART_MS = 5_000;
/** A thread that lived for so long is replaced at once. */
const STEADY_MS = 10_000;
/** For what a thread does at once, unless it has too much to do. */
const ANSWER_MS = 10_000;

export class WorkerPool {
  readonly #options: PoolOptions;
  readonly #sealingKey = randomBytes(32);
  readonly #replica = newReplicaId();
  readonly #memories: Memories;
  /** By place; undefined while a thread is being replaced. */
  readonly #workers: (Worker | undefined)[];
  /** Reloads and replacements take turns: each thread serves what all others do. */
  #turn: Promise<unknown> = Promise.resolve();
  /** All that have not ended, whether they serve yet or not. */
  readonly #started = new Set<Worker>();
  /** What each that took the place of another was made to serve first. */
  readonly #brought = new WeakMap<Worker, PreparedPool>();
  #serving: PreparedPool | undefined;
  /** What is prepared and neither swapped nor discarded yet: a thread that comes meanwhile prepares it, too. */
  #pending: PreparedPool | undefined;
  readonly #told = new ToldStates();
  #holders = 0;
  #closing = false;
  #looks: Disposable | undefined;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#memories = new Memories(options.count);
    this.#workers = Array.from({ length: options.count }, () => undefined);
  }

  /** Threads that serve. */
  get running(): number {
    return this.#alive().length;
  }

  /** Why each thread that serves refuses new work; empty for one that does not. */
  get pressure(): readonly (readonly PressureReason[])[] {
    return this.#alive().map(({ pressure }) => pressure);
  }

  /** What threads that have ended had counted. */
  get retired(): readonly string[] {
    return this.#told.retired;
  }

  /** Where listeners are bound. */
  get bound(): Readonly<Record<string, Bound>> {
    return this.#serving?.bound ?? {};
  }

  /** What the threads count for a limit of what they serve, or saw of it where a store counts. */
  filled(node: KeyedLimitNode): Filled | undefined {
    return this.#serving && filledMemory(node, this.#serving.memories);
  }

  /** Has every thread prepare a graph, or none: rejects with the first failure once all have given it back. */
  prepare(loaded: LoadedGraph): Promise<PreparedPool> {
    return this.#inTurn(async () => {
      await assertAddressesFree(loaded.graph.listeners, this.#serving?.loaded.graph.listeners ?? {});
      this.#assertOpen();
      const memories = this.#memories.prepare(loaded);
      this.#start();
      try {
        const bound = await this.#prepareAll(loaded, memories);
        this.#pending = { loaded, memories, bound };
        return this.#pending;
      } catch (thrown) {
        await this.#discardAll();
        throw thrown;
      }
    });
  }

  /** Gives back what was prepared last. */
  discard(): Promise<void> {
    return this.#inTurn(async () => {
      this.#pending = undefined;
      await this.#discardAll();
    });
  }

  /** From here on all threads serve what was prepared last. */
  swap(prepared: PreparedPool): Promise<void> {
    this.#serving = prepared;
    this.#pending = undefined;
    this.#memories.commit();
    return this.#inTurn(async () => {
      // One that ends now is replaced by one that serves the same; one that cannot swap must not serve what was.
      const swaps = this.#alive()
        .filter((worker) => this.#brought.get(worker) !== prepared)
        .map((worker) => worker.ask({ kind: 'swap' }, ANSWER_MS).catch(() => worker.cut()));
      await Promise.all(swaps);
    });
  }

  /** Resolves when it holds in all threads, those that are about to serve included. */
  async revoke(statements: readonly Statement[]): Promise<void> {
    const told = [...this.#started].map((worker) => worker.ask({ kind: 'revoke', statements }, ANSWER_MS));
    await Promise.allSettled(told);
  }

  /** What the threads that are alive tell of themselves, or told last where they have no time to. */
  states(): Promise<readonly WorkerState[]> {
    return this.#told.ask(this.#alive());
  }

  /** Ends all threads: in order those that serve, at once those that do not yet, and those that do not answer any more. */
  async close(bounds: EndBounds): Promise<void> {
    this.#closing = true;
    const serving = this.#alive();
    const running = [...this.#started].filter(({ ended }) => !ended);
    await Promise.all(
      running.map(async (worker) => {
        if (serving.includes(worker))
          await worker.ask({ kind: 'close', bounds }, bounds.endMs).catch(() => undefined);
        await worker.end();
      }),
    );
    this.#looks?.[Symbol.dispose]();
  }

  /** A thread that hangs is ended, and so replaced; what was asked of it is rejected. */
  #look(): void {
    for (const worker of this.#started) {
      if (!worker.hangs()) continue;
      this.#options.log.error('a thread hangs, and is ended', { place: worker.data.place });
      void worker.cut();
    }
  }

  async #discardAll(): Promise<void> {
    await Promise.allSettled(this.#alive().map((worker) => worker.ask({ kind: 'discard' }, ANSWER_MS)));
  }

  #alive(): Worker[] {
    return this.#workers.filter((worker) => worker !== undefined && !worker.ended) as Worker[];
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  #assertOpen(): void {
    if (this.#closing) throw new Error('the threads end');
  }

  #start(): void {
    for (let place = 0; place < this.#workers.length; place += 1)
      if (this.#serving === undefined) this.#workers[place] ??= this.#startAt(place);
  }

  #startAt(place: number): Worker {
    const { version, baseDirectory, onLines, revoked } = this.#options;
    this.#holders += 1;
    const holder = this.#holders;
    const startedMs = performance.now();
    const data = {
      version,
      baseDirectory,
      holder,
      replica: this.#replica,
      sealingKey: this.#sealingKey,
      once: this.#memories.once,
      open: this.#memories.open,
      pulse: pulseMemory(),
      place,
      threads: this.#workers.length,
    };
    const worker: Worker = new Worker(data, {
      onLines,
      onEnd: (error) => {
        this.#started.delete(worker);
        this.#ended(place, worker, error, performance.now() - startedMs);
      },
    });
    this.#started.add(worker);
    this.#looks ??= lookEachBeat(() => this.#look());
    const statements = revoked();
    if (statements.length > 0) void worker.ask({ kind: 'revoke', statements }).catch(() => undefined);
    return worker;
  }

  /** The first thread chooses ports; the others take the same. Where none is alive one is brought, once. */
  async #prepareAll(
    loaded: LoadedGraph,
    memories: SharedMemories,
    mayBring = true,
  ): Promise<Readonly<Record<string, Bound>>> {
    this.#assertOpen();
    const bringsOne = mayBring && this.#workers.every((worker) => worker === undefined);
    if (bringsOne) await this.#bring(0);
    const [first, ...others] = this.#alive();
    if (first === undefined) throw new Error('no thread is alive');
    const bound = await prepareOn(first, loaded, memories, portsOf(this.bound));
    if (bound === undefined) return await this.#prepareAll(loaded, memories, mayBring && !bringsOne);
    await allSettledOrThrow(others.map((worker) => prepareOn(worker, loaded, memories, portsOf(bound))));
    return bound;
  }

  #ended(place: number, worker: Worker, error: Error, livedMs: number): void {
    const { holder } = worker.data;
    this.#memories.release({ place, threads: this.#workers.length, holder });
    this.#told.retire(holder);
    // One that has not come to its place yet: who brings it sees that it ended.
    if (this.#workers[place] !== worker) return;
    this.#workers[place] = undefined;
    if (this.#closing || this.#serving === undefined) return;
    this.#options.log.error('a thread ended, another takes its place', { place, error });
    this.#options.onRestart();
    void this.#replace(place, livedMs >= STEADY_MS ? 0 : FIRST_RESTART_MS);
  }

  async #replace(place: number, afterMs: number): Promise<void> {
    await delay(afterMs, undefined, { ref: false });
    if (this.#closing) return;
    const isServing = await this.#inTurn(() => this.#bring(place)).then(
      () => true,
      (error: unknown) => {
        if (!this.#closing) this.#options.log.error('a thread could not be started', { place, error });
        return false;
      },
    );
    if (!isServing)
      await this.#replace(place, Math.min(MAX_RESTART_MS, Math.max(FIRST_RESTART_MS, afterMs * 2)));
  }

  /** Starts a thread that serves what the others do, unless there is one. */
  async #bring(place: number): Promise<void> {
    if (this.#closing || this.#serving === undefined || this.#workers[place] !== undefined) return;
    const serving = this.#serving;
    const pending = this.#pending;
    const worker = this.#startAt(place);
    try {
      await bring(worker, serving);
      this.#assertOpen();
      await worker.ask({ kind: 'swap' });
      this.#assertOpen();
      if (pending !== undefined) await bring(worker, pending);
      this.#assertOpen();
      if (worker.ended) throw new Error('the thread ended');
      this.#brought.set(worker, serving);
      this.#workers[place] = worker;
    } catch (thrown) {
      this.#started.delete(worker);
      await worker.end();
      throw thrown;
    }
  }
}

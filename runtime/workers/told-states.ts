/** What threads tell of themselves, when they are asked. */
import { countsOf, mergeMetrics } from '../observe/merge-metrics.ts';
import type { WorkerState } from './messages.ts';
import type { Worker } from './worker.ts';

/** Longer nobody who asks for status or metrics waits for a thread. */
const STATE_MS = 2_000;

export class ToldStates {
  /** By the thread's holder's number. */
  readonly #last = new Map<number, WorkerState>();
  #retired: readonly string[] = [];

  /** What threads that have ended had counted. */
  get retired(): readonly string[] {
    return this.#retired;
  }

  /** What the threads tell, or told last where they have no time to. */
  async ask(workers: readonly Worker[]): Promise<readonly WorkerState[]> {
    const asked = workers.map(async (worker) => {
      const { holder } = worker.data;
      const answer = await worker.ask({ kind: 'ask' }, STATE_MS).catch(() => undefined);
      if (answer?.kind === 'state') this.#last.set(holder, answer.state);
      return this.#last.get(holder) ?? [];
    });
    return (await Promise.all(asked)).flat();
  }

  /** Counters never fall: what a thread that has ended had counted when it was last asked stays. */
  retire(holder: number): void {
    const told = this.#last.get(holder)?.metrics;
    this.#last.delete(holder);
    if (told !== undefined) this.#retired = [countsOf(mergeMetrics([...this.#retired, told]))];
  }
}

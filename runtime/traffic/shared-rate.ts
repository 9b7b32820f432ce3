/** A rate limit that the threads of a process count together: exact whichever of them takes a request. */
import type { RateLimitNode } from '../../schema/graph/limit.ts';
import { monotonicMs } from '../state/monotonic.ts';
import type { SharedLock } from '../state/shared-lock.ts';
import { SharedTable, tableMemory } from '../state/shared-table.ts';
import type { CountVerdict } from './counter.ts';
import type { Fullest } from './fill.ts';
import { Gcra } from './gcra.ts';
import type { RateLimiter } from './rate.ts';

/** The latest moment that any thread has counted at, at the end of the memory. */
const MOMENT_BYTES = Float64Array.BYTES_PER_ELEMENT;

/** Memory for one limit. @param levels as of {@link tableMemory} */
export const rateMemory = (levels?: number): SharedArrayBuffer =>
  tableMemory({ columns: 1, levels, restBytes: MOMENT_BYTES });

/** What {@link createRateLimiter} makes, over memory that others share; `holder` names this thread among them. */
export const createSharedRateLimiter = (
  node: RateLimitNode,
  memory: SharedArrayBuffer,
  holder: number,
): RateLimiter => new SharedRateLimiter(node, memory, holder);

class SharedRateLimiter implements RateLimiter {
  readonly #gcra: Gcra;
  /** A slot is in use until the bucket of its key is full again, in units. */
  readonly #table: SharedTable;
  readonly #moment: Float64Array;

  constructor(node: RateLimitNode, memory: SharedArrayBuffer, holder: number) {
    this.#gcra = new Gcra(node);
    this.#table = new SharedTable(memory, holder);
    this.#moment = new Float64Array(memory, memory.byteLength - MOMENT_BYTES, 1);
  }

  get lock(): SharedLock {
    return this.#table.lock;
  }

  get size(): number {
    return this.#table.sizeAt(this.#gcra.at(Math.floor(monotonicMs())));
  }

  fill(_node: RateLimitNode, fullest: Fullest): Generator<void> {
    const now = this.#gcra.at(Math.floor(Math.max(this.#moment[0]!, monotonicMs())));
    return this.#table.fill(now, (slot) => this.#gcra.used(this.#table.until[slot]!, now), fullest);
  }

  digestOf(key: string): Uint8Array {
    return this.#table.digestOf(key);
  }

  peek(key: string, _nowMs: number, cost = 1): CountVerdict {
    return this.#locked(key, (now) => {
      const slot = this.#table.find(now);
      if (slot < 0 && !this.#table.hasRoom) return this.#gcra.refusedForRoom();
      return this.#gcra.foreseen(slot < 0 ? 0 : this.#table.until[slot]!, now, cost);
    });
  }

  take(key: string, _nowMs: number, cost = 1): CountVerdict {
    return this.#locked(key, (now) => this.#take(now, cost));
  }

  #locked(key: string, work: (now: number) => CountVerdict): CountVerdict {
    const { lock } = this.#table;
    this.#table.choose(key);
    lock.acquire();
    try {
      // No thread comes with a moment before one that was counted: their clocks differ by microseconds.
      this.#moment[0] = Math.max(this.#moment[0]!, Math.floor(monotonicMs()));
      return work(this.#gcra.at(this.#moment[0]!));
    } finally {
      lock.release();
    }
  }

  #take(now: number, cost: number): CountVerdict {
    const { until } = this.#table;
    const known = this.#table.find(now);
    const before = known < 0 ? 0 : until[known]!;
    const fullAt = this.#gcra.fullAtAfter(before, now, cost);
    if (fullAt === undefined) return this.#gcra.verdict(false, before, now, cost);
    const slot = known < 0 ? this.#table.claim(now) : known;
    if (slot < 0) return this.#gcra.refusedForRoom();
    until[slot] = fullAt;
    return this.#gcra.verdict(true, fullAt, now, cost);
  }
}

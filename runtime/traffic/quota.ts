/** A quota: an exact number of requests by key in each window of time, whichever thread takes them. */

import { canonicalJson } from '../../schema/canonical-json.ts';
import type { QuotaLimitNode } from '../../schema/graph/limit.ts';
import { monotonicMs } from '../state/monotonic.ts';
import { SharedTable, tableMemory } from '../state/shared-table.ts';
import type { CountVerdict, LocalCounter } from './counter.ts';
import type { Filled, Fullest } from './fill.ts';

/** For each key: until when it counts, and how much was taken. */
const COLUMNS = 2;
/** What the clocks said when they were read last, at the end of the memory. */
const CLOCK_NUMBERS = 2;
const WALL = 0;
const MONOTONIC = 1;
const CLOCK_BYTES = CLOCK_NUMBERS * Float64Array.BYTES_PER_ELEMENT;

/** Memory for one quota. */
export const quotaMemory = (): SharedArrayBuffer => tableMemory({ columns: COLUMNS, restBytes: CLOCK_BYTES });

/** Quotas with the same go on with what was counted, over a reload, too: all but how many are let through. */
export const quotaCountId = ({ windowMs, key }: QuotaLimitNode): string => canonicalJson({ windowMs, key });

/**
 * Windows begin at multiples of their length from 1970-01-01T00:00:00Z on. Where the clock steps back, it goes on from
 * where it was: no window comes twice. A key is remembered for a window; where there is no room for one that is new,
 * it is refused: a limit that cannot count fails closed.
 */
export class Quota implements Filled {
  readonly #windowMs: number;
  /** A slot is in use until the window ends in which its key was counted. */
  readonly #table: SharedTable;
  readonly #used: Float64Array;
  readonly #clock: Float64Array;

  /** @param holder names this thread among those that share the memory */
  constructor(windowMs: number, memory: SharedArrayBuffer = quotaMemory(), holder = 1) {
    this.#windowMs = windowMs;
    this.#table = new SharedTable(memory, holder);
    this.#used = this.#table.column(1);
    this.#clock = new Float64Array(memory, memory.byteLength - CLOCK_BYTES, CLOCK_NUMBERS);
  }

  /** How many keys are remembered. */
  get size(): number {
    return this.#table.sizeAt(this.#clock[WALL]!);
  }

  fill({ count }: QuotaLimitNode, fullest: Fullest): Generator<void> {
    const now = this.#at(Date.now(), monotonicMs());
    return this.#table.fill(now, (slot) => this.#used[slot]! / count, fullest);
  }

  digestOf(key: string): Uint8Array {
    return this.#table.digestOf(key);
  }

  /** Counts up to `count` in each window. */
  counter(count: number): LocalCounter {
    return {
      lock: this.#table.lock,
      peek: (key, nowMs, cost = 1) => this.#locked(key, nowMs, (now) => this.#peek(now, count, cost)),
      take: (key, nowMs, cost = 1) => this.#locked(key, nowMs, (now) => this.#take(now, count, cost)),
    };
  }

  #locked(key: string, nowMs: number, work: (now: number) => CountVerdict): CountVerdict {
    const { lock } = this.#table;
    this.#table.choose(key);
    lock.acquire();
    try {
      return work(this.#advance(nowMs));
    } finally {
      lock.release();
    }
  }

  #advance(nowMs: number): number {
    const monotonic = monotonicMs();
    const now = this.#at(nowMs, monotonic);
    this.#clock[WALL] = now;
    this.#clock[MONOTONIC] = monotonic;
    return now;
  }

  #at(nowMs: number, monotonic: number): number {
    const goneMs = this.#clock[MONOTONIC] === 0 ? 0 : Math.max(0, monotonic - this.#clock[MONOTONIC]!);
    return Math.max(nowMs, this.#clock[WALL]! + goneMs);
  }

  #peek(now: number, count: number, cost: number): CountVerdict {
    const slot = this.#table.find(now);
    const used = slot < 0 ? 0 : this.#used[slot]!;
    if (slot < 0 && !this.#table.hasRoom) return this.#verdict(false, now, 0);
    return this.#verdict(used + cost <= count, now, count - used);
  }

  #take(now: number, count: number, cost: number): CountVerdict {
    const known = this.#table.find(now);
    const used = known < 0 ? 0 : this.#used[known]!;
    if (used + cost > count) return this.#verdict(false, now, count - used);
    const slot = known < 0 ? this.#table.claim(now) : known;
    if (slot < 0) return this.#verdict(false, now, 0);
    this.#used[slot] = used + cost;
    this.#table.until[slot] = this.#endOfWindow(now);
    return this.#verdict(true, now, count - used - cost);
  }

  #endOfWindow(now: number): number {
    return (Math.floor(now / this.#windowMs) + 1) * this.#windowMs;
  }

  #verdict(allowed: boolean, now: number, left: number): CountVerdict {
    const resetAfterMs = this.#endOfWindow(now) - now;
    return {
      allowed,
      remaining: Math.max(0, left),
      resetAfterMs,
      retryAfterMs: allowed ? 0 : resetAfterMs,
    };
  }
}

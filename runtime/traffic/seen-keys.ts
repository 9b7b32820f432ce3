/** What a store said last of the keys that this process asked it about: all that is known here of what replicas count. */
import type { NodeId } from '../../schema/graph/graph.ts';
import type { CountingLimitNode } from '../../schema/graph/limit.ts';
import { monotonicMs } from '../state/monotonic.ts';
import { SharedTable, tableMemory } from '../state/shared-table.ts';
import type { CountVerdict } from './counter.ts';
import type { Filled, Fullest, KeyedLimitNode } from './fill.ts';

/** For each key: until when it counts, what was not left of its limit, and when that was heard. */
const COLUMNS = 3;
/** Room for 130,000 keys at most, in 5 MB; others are not remembered until some count no more. */
const LEVELS = 7;

export const seenKeysMemory = (): SharedArrayBuffer => tableMemory({ columns: COLUMNS, levels: LEVELS });

/** What the memory of a limit's seen keys goes by. */
export const seenKeysId = (limit: string): NodeId => `limit:${limit}/seen`;

export class SeenKeys implements Filled {
  readonly #table: SharedTable;
  readonly #used: Float64Array;
  readonly #heardMs: Float64Array;

  /** @param holder names this thread among those that share the memory */
  constructor(memory: SharedArrayBuffer = seenKeysMemory(), holder = 1) {
    this.#table = new SharedTable(memory, holder);
    this.#used = this.#table.column(1);
    this.#heardMs = this.#table.column(2);
  }

  /**
   * Remembers what was said of a key, asked at `askedMs` of the clock of all threads. Of what was asked at the same time,
   * by whichever thread, the fuller was said last, in whatever order it is heard.
   */
  see(node: CountingLimitNode, key: string, verdict: CountVerdict, askedMs: number): void {
    const table = this.#table;
    const { lock } = table;
    table.choose(key);
    lock.acquire();
    try {
      const now = monotonicMs();
      const until = now + verdict.resetAfterMs;
      const used = node.count - verdict.remaining;
      const known = table.find(now);
      if (known >= 0 && askedMs < this.#heardMs[known]! && !this.#isFuller(node, known, until, used)) return;
      const slot = known < 0 && verdict.resetAfterMs > 0 ? table.claim(now) : known;
      if (slot < 0) return;
      table.until[slot] = until;
      this.#used[slot] = used;
      this.#heardMs[slot] = now;
    } finally {
      lock.release();
    }
  }

  #isFuller({ type }: CountingLimitNode, slot: number, until: number, used: number): boolean {
    return type === 'rate' ? until > this.#table.until[slot]! : used > this.#used[slot]!;
  }

  fill(node: KeyedLimitNode, fullest: Fullest): Generator<void> {
    const now = monotonicMs();
    return this.#table.fill(now, this.#partOf(node, now), fullest);
  }

  digestOf(key: string): Uint8Array {
    return this.#table.digestOf(key);
  }

  /** Which part of a limit is taken: of a rate, less as time goes. */
  #partOf(node: KeyedLimitNode, now: number): (slot: number) => number {
    const { until } = this.#table;
    switch (node.type) {
      case 'rate': {
        const fullAfterMs = (node.burst * node.periodMs) / node.count;
        return (slot) => (until[slot]! - now) / fullAfterMs;
      }
      case 'quota':
        return (slot) => this.#used[slot]! / node.count;
      case 'concurrency':
        return () => 0;
    }
  }
}

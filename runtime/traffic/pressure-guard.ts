/** Measures the process and its thread ten times a second, and refuses new work before they suffer. */
import { totalmem } from 'node:os';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { DEFAULT_EVENT_LOOP_DELAY } from '../../schema/config/pressure.ts';
import type { PressureNode } from '../../schema/graph/graph.ts';
import { durationMs } from '../../schema/unit.ts';
import type { GatewayError } from '../errors.ts';
import { BODY_BLOCK_BYTES, OVERLOADED, type Shedding } from '../listen/shedding.ts';
import { FIRST_UNREAD_BYTES, LITTLE_UNREAD_BYTES, UnreadRoom } from '../listen/unread-room.ts';
import { residentBytes } from '../resident-memory.ts';
import { type Counts, LocalCounts } from '../state/counts.ts';
import {
  isTight,
  judgePressure,
  NO_PRESSURE,
  type PressureBounds,
  type PressureReading,
  type PressureReason,
  type PressureState,
  reasonsOf,
} from './pressure.ts';

const EVERY_MS = 100;

/** Of the memory: what bodies that come in pieces may take until they are whole. */
const BODIES = 1 / 8;
/** Of that: what bodies of one client may take. Whoever announces large ones and stalls leaves room to others. */
const ONE_ADDRESS = 1 / 2;
/** Of the memory of a thread: what may be kept for readers who do not read it. */
const UNREAD = 1 / 8;

/** Of what there is: processes of upstreams and the caches of the system have their part of it. */
const SHARE = 0.8;

/** Without new work nothing makes the engine collect, so that it has to be told to; less and less often. */
const FIRST_COLLECT_MS = 500;
const MAX_COLLECT_MS = 30_000;

/** What a process may have in memory where nothing says it. */
export const usualMemoryBytes = (): number => {
  const total = totalmem();
  const constrained = process.constrainedMemory();
  return Math.floor(SHARE * (constrained > 0 && constrained < total ? constrained : total));
};

const boundsOf = (node: PressureNode | undefined, threads: number): PressureBounds => ({
  memoryBytes: node?.memoryBytes ?? usualMemoryBytes(),
  eventLoopDelayMs: node?.eventLoopDelayMs ?? durationMs(DEFAULT_EVENT_LOOP_DELAY)!,
  threads,
});

const read = (lateMs: number): PressureReading => {
  const { used_heap_size, external_memory, heap_size_limit } = getHeapStatistics();
  return {
    residentBytes: residentBytes(),
    usedBytes: used_heap_size + external_memory,
    heapBytes: used_heap_size,
    heapLimitBytes: heap_size_limit,
    lateMs,
  };
};

type Collect = (options: { readonly type: 'major' | 'minor' }) => void;
let collect: Collect | undefined;

/** The engine has it for whoever asks by a flag. `minor` is what came since the last time, in a millisecond or two. */
const collectGarbage = (type: 'major' | 'minor'): void => {
  if (collect === undefined) {
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as Collect;
  }
  collect({ type });
};

export interface PressureEvents {
  /** It is other than before. */
  readonly onChange: (reasons: readonly PressureReason[], reading: PressureReading) => void;
  /** One request was refused. */
  readonly onShed: (reason: PressureReason) => void;
}

export class PressureGuard implements Shedding {
  sheds = false;
  readonly unread = new UnreadRoom();
  readonly #bodies: Counts;
  /** Of bodies of all threads. */
  #maxBlocks = Number.POSITIVE_INFINITY;
  readonly #events: PressureEvents;
  readonly #threads: number;
  #bounds: PressureBounds | undefined;
  #state: PressureState = NO_PRESSURE;
  #reasons: readonly PressureReason[] = [];
  #timer: NodeJS.Timeout | undefined;
  #dueMs = 0;
  /** Whether memory is to be freed. */
  #isTight = false;
  /** Less with every reading, so that the slowest are the first to go. */
  #maxUnreadBytes = FIRST_UNREAD_BYTES;
  #collectAtMs = 0;
  #collectEveryMs = FIRST_COLLECT_MS;

  /**
   * @param threads that share the memory
   * @param bodies what they hold of bodies, all together
   */
  constructor(events: PressureEvents, threads: number, bodies: Counts = new LocalCounts()) {
    this.#events = events;
    this.#threads = threads;
    this.#bodies = bodies;
  }

  /** Why new work is refused; empty if it is not. */
  get reasons(): readonly PressureReason[] {
    return this.#reasons;
  }

  /** Bounds of the graph that serves now; measures from the first time on. */
  rebound(node: PressureNode | undefined): void {
    this.#bounds = boundsOf(node, this.#threads);
    const { memoryBytes } = this.#bounds;
    this.#maxBlocks = Math.floor((BODIES * memoryBytes) / BODY_BLOCK_BYTES);
    this.unread.maxBytes = (UNREAD * memoryBytes) / this.#threads;
    if (this.#timer !== undefined) return;
    this.#dueMs = performance.now() + EVERY_MS;
    this.#timer = setTimeout(() => this.#measure(), EVERY_MS).unref();
  }

  refusal(): GatewayError {
    const [reason = 'memory'] = this.#reasons;
    this.#events.onShed(reason);
    return OVERLOADED[reason];
  }

  hold(blocks: number, address: string): boolean {
    const maxPerAddress =
      address === '' ? Number.POSITIVE_INFINITY : Math.floor(ONE_ADDRESS * this.#maxBlocks);
    return this.#bodies.take(address, this.#maxBlocks, maxPerAddress, blocks) === undefined;
  }

  giveBack(blocks: number, address: string): void {
    this.#bodies.giveBack(address, blocks);
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #measure(): void {
    const nowMs = performance.now();
    this.judge(read(Math.max(0, nowMs - this.#dueMs)), nowMs);
    this.#dueMs = performance.now() + EVERY_MS;
    this.#timer!.refresh();
  }

  /** Goes by one reading, made at `nowMs` on the clock of performance.now(). */
  judge(reading: PressureReading, nowMs: number): void {
    const before = this.#state;
    this.#state = judgePressure(before, reading, this.#bounds!);
    const { memory, eventLoop } = this.#state;
    if (memory !== before.memory || eventLoop !== before.eventLoop) {
      this.#reasons = reasonsOf(this.#state);
      this.sheds = memory || eventLoop;
      this.#events.onChange(this.#reasons, reading);
    }
    const isTightNow = memory || isTight(reading, this.#bounds!);
    if (isTightNow) this.#relieve(nowMs, !this.#isTight);
    this.#isTight = isTightNow;
  }

  #relieve(nowMs: number, isFirst: boolean): void {
    if (isFirst) {
      this.#maxUnreadBytes = FIRST_UNREAD_BYTES;
      this.#collectEveryMs = FIRST_COLLECT_MS;
      this.#collectAtMs = nowMs + FIRST_COLLECT_MS;
    }
    for (const relieve of this.unread.relieved) relieve(this.#maxUnreadBytes);
    this.#maxUnreadBytes = Math.max(LITTLE_UNREAD_BYTES, this.#maxUnreadBytes / 2);
    if (nowMs < this.#collectAtMs) {
      // What is refused is garbage at once, and in a flood there is more of it than of anything else.
      collectGarbage('minor');
      return;
    }
    collectGarbage('major');
    this.#collectEveryMs = Math.min(MAX_COLLECT_MS, this.#collectEveryMs * 2);
    this.#collectAtMs = nowMs + this.#collectEveryMs;
  }
}

/**
 * Places that calls hold while they run, counted by key in memory that threads share, and who waits for one. What is
 * done here is done at once; runtime/traffic/fair-gate.ts tells those who wait.
 */
import { hash } from 'node:crypto';
import type { ConcurrencyLimitNode } from '../../schema/graph/limit.ts';
import type { SharedTable } from '../state/shared-table.ts';
import type { Filled, Fullest } from './fill.ts';
import { PlaceQueue, type QueueColumns } from './place-queue.ts';
import { DROPPED, GRANTED, HELD, NOBODY, type PlaceRecords, WAITING } from './place-records.ts';
import { ALL_HELD, ALL_WAITING, MAX, ORDER, readPlaces } from './places-memory.ts';

/** Gives back what `ended`, a thread that is no more, held in the memory. For one who has no calls there himself. */
export const recoverPlaces = (memory: SharedArrayBuffer, ended: number): void =>
  new Places(memory, KEEPER).recover(ended);

/** No thread that serves has this number. */
const KEEPER = 2 ** 30;

export interface PlacesBounds {
  /** Of one key, at the same time. */
  readonly max: number;
  /** How many may wait for a place of one key. */
  readonly queue: number;
}

/** `record` is good until it is left. */
export type Entered =
  | { readonly kind: 'held' | 'waiting'; readonly record: number }
  | { readonly kind: 'full' };

export type Seen = 'waiting' | 'granted' | 'dropped';

export class Places implements Filled {
  /** Told, by `Atomics`, that a record of another thread was granted or dropped. */
  readonly news: Int32Array<SharedArrayBuffer>;
  readonly #holder: number;
  readonly #table: SharedTable;
  readonly #used: Float64Array;
  readonly #of: QueueColumns;
  readonly #queue: PlaceQueue;
  readonly #head: Float64Array;
  readonly #records: PlaceRecords;
  #isNews = false;

  /** @param holder names this thread among those that share the memory */
  constructor(memory: SharedArrayBuffer, holder: number) {
    const { table, used, queue, news, head, records } = readPlaces(memory, holder);
    this.#holder = holder;
    this.#table = table;
    this.#used = used;
    this.#of = queue;
    this.#queue = new PlaceQueue(records, queue);
    this.news = news;
    this.#head = head;
    this.#records = records;
  }

  /** Calls that hold a place, of all keys. */
  get held(): number {
    return this.#head[ALL_HELD]!;
  }

  /** Calls that wait for one, of all keys. */
  get waiting(): number {
    return this.#head[ALL_WAITING]!;
  }

  /** A key whose callers wait is more than full. */
  fill({ max }: ConcurrencyLimitNode, fullest: Fullest): Generator<void> {
    const part = (slot: number): number => (this.#used[slot]! + this.#of.length[slot]!) / max;
    return this.#table.fill(NEVER, part, fullest);
  }

  digestOf(key: string): Uint8Array {
    return this.#table.digestOf(key);
  }

  /**
   * A place of `key`, or one in its queue. Callers take turns there: who has many waiting holds up nobody else. In a
   * full queue the last of who has most waiting makes room for one who has fewer.
   */
  enter(key: string, caller: string, { max, queue }: PlacesBounds): Entered {
    this.#table.choose(key);
    return this.#locked(() => {
      this.#head[MAX] = max;
      const known = this.#table.find(NEVER);
      const slot = known < 0 ? this.#table.claim(NEVER) : known;
      if (slot < 0) return FULL;
      if (known < 0) this.#clear(slot);
      if (this.#used[slot]! < max && this.#of.length[slot] === 0) return this.#hold(slot);
      return this.#wait(slot, caller, queue);
    });
  }

  /** What has become of a record that waits; seen but once. */
  see(record: number): Seen {
    switch (this.#records.state[record]) {
      case GRANTED:
        this.#records.state[record] = HELD;
        return 'granted';
      case DROPPED:
        return 'dropped';
      default:
        return 'waiting';
    }
  }

  /** Gives a place back, or leaves the queue. Whether somebody who waits has got one for it. */
  leave(record: number): boolean {
    return this.#locked(() => {
      const slot = this.#records.slot[record]!;
      this.#takeOut(record);
      this.#serve(slot);
      this.#freeIfUnused(slot);
      return this.#isNews;
    });
  }

  /** Gives back what `ended`, a thread that is no more, held, and puts right what it left half done. */
  recover(ended: number): void {
    this.#table.lock.acquireFrom(ended);
    try {
      this.#rebuild(ended);
    } finally {
      this.#table.lock.release();
    }
    this.#tell();
  }

  #locked<T>(work: () => T): T {
    const { lock } = this.#table;
    lock.acquire();
    try {
      return work();
    } finally {
      lock.release();
      this.#tell();
    }
  }

  #tell(): void {
    if (!this.#isNews) return;
    this.#isNews = false;
    Atomics.add(this.news, 0, 1);
    Atomics.notify(this.news, 0);
  }

  #clear(slot: number): void {
    this.#used[slot] = 0;
    this.#of.length[slot] = 0;
    this.#of.first[slot] = NOBODY;
    this.#of.last[slot] = NOBODY;
    this.#of.round[slot] = 0;
  }

  #hold(slot: number): Entered {
    const record = this.#records.take(this.#holder, slot);
    if (record === NOBODY) return FULL;
    this.#take(slot);
    this.#records.state[record] = HELD;
    return { kind: 'held', record };
  }

  #wait(slot: number, name: string, queue: number): Entered {
    if (queue === 0) return FULL;
    const caller = callerNumber(name);
    const turn = this.#queue.turnOf(slot, caller);
    if (this.#of.length[slot]! >= queue && !this.#dropAfter(slot, turn)) return FULL;
    const record = this.#records.take(this.#holder, slot);
    if (record === NOBODY) return FULL;
    this.#head[ORDER]! += 1;
    this.#records.caller[record] = caller;
    this.#records.turn[record] = turn;
    this.#records.order[record] = this.#head[ORDER]!;
    this.#records.state[record] = WAITING;
    this.#queue.add(record);
    this.#count(slot, ALL_WAITING);
    this.#serve(slot);
    const isServed = this.#records.state[record] === GRANTED;
    if (isServed) this.#records.state[record] = HELD;
    return { kind: isServed ? 'held' : 'waiting', record };
  }

  /** Whether one could be dropped whose turn is later. */
  #dropAfter(slot: number, turn: number): boolean {
    const last = this.#of.last[slot]!;
    if (this.#records.turn[last]! <= turn) return false;
    this.#unlink(last);
    this.#records.state[last] = DROPPED;
    this.#isNews = true;
    return true;
  }

  #unlink(record: number): void {
    this.#queue.remove(record);
    this.#head[ALL_WAITING]! -= 1;
  }

  /** Gives free places to those whose turn it is. */
  #serve(slot: number): void {
    const { state, turn } = this.#records;
    const max = this.#head[MAX]!;
    while (this.#used[slot]! < max && this.#of.length[slot]! > 0) {
      const record = this.#of.first[slot]!;
      this.#unlink(record);
      this.#of.round[slot] = turn[record]!;
      this.#take(slot);
      state[record] = GRANTED;
      this.#isNews = true;
    }
  }

  #takeOut(record: number): void {
    const { state, slot } = this.#records;
    if (state[record] === HELD || state[record] === GRANTED) {
      this.#used[slot[record]!]! -= 1;
      this.#head[ALL_HELD]! -= 1;
    } else if (state[record] === WAITING) this.#unlink(record);
    this.#records.free(record);
  }

  #take(slot: number): void {
    this.#used[slot]! += 1;
    this.#count(slot, ALL_HELD);
  }

  #count(slot: number, as: typeof ALL_HELD | typeof ALL_WAITING): void {
    this.#table.until[slot] = Number.POSITIVE_INFINITY;
    this.#head[as]! += 1;
  }

  #freeIfUnused(slot: number): void {
    if (this.#used[slot] === 0 && this.#of.length[slot] === 0) this.#table.until[slot] = NEVER;
  }

  /** Records tell everything; counts, queues and the list of free ones are made from them. */
  #rebuild(ended: number): void {
    for (let slot = 0; slot < this.#table.slotsUsed; slot += 1) {
      const round = this.#of.round[slot]!;
      this.#clear(slot);
      this.#of.round[slot] = round;
      this.#table.until[slot] = NEVER;
    }
    this.#queue.clear();
    this.#head[ALL_HELD] = 0;
    this.#head[ALL_WAITING] = 0;
    this.#records.reclaim(ended);
    const { state, slot, turn, order, last } = this.#records;
    const waiting: number[] = [];
    for (let record = 1; record <= last; record += 1) {
      if (state[record] === WAITING) waiting.push(record);
      else if (state[record] === HELD || state[record] === GRANTED) this.#take(slot[record]!);
    }
    waiting.sort((a, b) => turn[a]! - turn[b]! || order[a]! - order[b]!);
    for (const record of waiting) {
      this.#queue.append(record);
      this.#count(slot[record]!, ALL_WAITING);
    }
    for (const record of waiting) this.#serve(slot[record]!);
  }
}

/** Tells callers apart, but for a chance of one in 2^48. */
const callerNumber = (name: string): number => hash('sha256', name, 'buffer').readUIntBE(0, 6);

/** A slot of the table is in use for as long as somebody holds a place or waits: no clock ends it. */
const NEVER = 0;
const FULL: Entered = Object.freeze({ kind: 'full' });

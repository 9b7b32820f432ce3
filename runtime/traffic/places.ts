/**
 * Places that calls hold while they run, counted by key in memory that threads share, and who waits for one. What is
 * done here is done at once; runtime/traffic/fair-gate.ts tells those who wait.
 */
import { hash } from 'node:crypto';
import { SharedTable, tableMemory } from '../state/shared-table.ts';
import { DROPPED, GRANTED, HELD, NOBODY, PlaceRecords, recordBytes, WAITING } from './place-records.ts';

/** Columns of the table, by key. */
const USED = 1;
const QUEUED = 2;
const FIRST = 3;
const ROUND = 4;
const KEY_COLUMNS = 5;

/** Numbers that are of all keys. */
const MAX = 0;
const ORDER = 1;
const ALL_HELD = 2;
const ALL_WAITING = 3;
const HEAD_NUMBERS = 4;
/** A word that wakes threads, with as much that rounds it up. */
const NEWS_BYTES = 8;

interface PlacesSize {
  /** Levels of the table of keys: one for a single key. */
  readonly levels: number;
  /** How many calls may hold a place or wait for one, over all keys. */
  readonly records: number;
}

/** For the limits of a server: as many keys and calls as a process has at a time. */
const MANY: PlacesSize = { levels: 7, records: 65_536 };

const restBytes = (records: number): number =>
  NEWS_BYTES + HEAD_NUMBERS * Float64Array.BYTES_PER_ELEMENT + recordBytes(records);

/** Memory for what is counted by many keys. */
export const placesMemory = (size: PlacesSize = MANY): SharedArrayBuffer =>
  tableMemory({ columns: KEY_COLUMNS, levels: size.levels, restBytes: restBytes(size.records) });

/** Memory for what has one key and lets `max` run and `queue` wait. */
export const onePlaceMemory = (max: number, queue: number): SharedArrayBuffer =>
  placesMemory({ levels: 1, records: max + queue });

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

export class Places {
  /** Told, by `Atomics`, that a record of another thread was granted or dropped. */
  readonly news: Int32Array<SharedArrayBuffer>;
  readonly #holder: number;
  readonly #table: SharedTable;
  readonly #used: Float64Array;
  readonly #queued: Float64Array;
  /** The first record that waits, of each key. */
  readonly #first: Float64Array;
  /** The round of who got a place last, of each key. */
  readonly #round: Float64Array;
  readonly #head: Float64Array;
  readonly #records: PlaceRecords;
  #isNews = false;

  /** @param holder names this thread among those that share the memory */
  constructor(memory: SharedArrayBuffer, holder: number) {
    this.#holder = holder;
    this.#table = new SharedTable(memory, holder);
    this.#used = this.#table.column(USED);
    this.#queued = this.#table.column(QUEUED);
    this.#first = this.#table.column(FIRST);
    this.#round = this.#table.column(ROUND);
    let offset = this.#round.byteOffset + this.#round.byteLength;
    this.news = new Int32Array(memory, offset, 1);
    offset += NEWS_BYTES;
    this.#head = new Float64Array(memory, offset, HEAD_NUMBERS);
    this.#records = new PlaceRecords(memory, offset + this.#head.byteLength);
  }

  /** Calls that hold a place, of all keys. */
  get held(): number {
    return this.#head[ALL_HELD]!;
  }

  /** Calls that wait for one, of all keys. */
  get waiting(): number {
    return this.#head[ALL_WAITING]!;
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
      if (this.#used[slot]! < max && this.#queued[slot] === 0) return this.#hold(slot);
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
    this.#queued[slot] = 0;
    this.#first[slot] = NOBODY;
    this.#round[slot] = 0;
  }

  #hold(slot: number): Entered {
    const record = this.#records.take(this.#holder, slot);
    if (record === NOBODY) return FULL;
    this.#count(slot);
    this.#records.state[record] = HELD;
    return { kind: 'held', record };
  }

  #wait(slot: number, name: string, queue: number): Entered {
    if (queue === 0) return FULL;
    const caller = callerNumber(name);
    const turn = this.#turnOf(slot, caller);
    if (this.#queued[slot]! >= queue && !this.#dropAfter(slot, turn)) return FULL;
    const record = this.#records.take(this.#holder, slot);
    if (record === NOBODY) return FULL;
    this.#head[ORDER]! += 1;
    this.#records.caller[record] = caller;
    this.#records.turn[record] = turn;
    this.#records.order[record] = this.#head[ORDER]!;
    this.#records.state[record] = WAITING;
    this.#enqueue(record);
    this.#serve(slot);
    const isServed = this.#records.state[record] === GRANTED;
    if (isServed) this.#records.state[record] = HELD;
    return { kind: isServed ? 'held' : 'waiting', record };
  }

  /** One after the last of this caller that waits; the turn of now where none does. */
  #turnOf(slot: number, caller: number): number {
    let turn = this.#round[slot]!;
    for (let at = this.#first[slot]!; at !== NOBODY; at = this.#records.next[at]!)
      if (this.#records.caller[at] === caller) turn = this.#records.turn[at]! + 1;
    return turn;
  }

  /** Whether one could be dropped whose turn is later. */
  #dropAfter(slot: number, turn: number): boolean {
    let last = this.#first[slot]!;
    while (this.#records.next[last] !== NOBODY) last = this.#records.next[last]!;
    if (this.#records.turn[last]! <= turn) return false;
    this.#unlink(last);
    this.#records.state[last] = DROPPED;
    this.#isNews = true;
    return true;
  }

  #enqueue(record: number): void {
    const slot = this.#records.slot[record]!;
    const comesBefore = (other: number): boolean =>
      this.#records.turn[other]! < this.#records.turn[record]! ||
      (this.#records.turn[other] === this.#records.turn[record] &&
        this.#records.order[other]! < this.#records.order[record]!);
    let before = NOBODY;
    let after = this.#first[slot]!;
    while (after !== NOBODY && comesBefore(after)) {
      before = after;
      after = this.#records.next[after]!;
    }
    this.#records.next[record] = after;
    if (before === NOBODY) this.#first[slot] = record;
    else this.#records.next[before] = record;
    this.#queued[slot]! += 1;
    this.#head[ALL_WAITING]! += 1;
    this.#table.until[slot] = Number.POSITIVE_INFINITY;
  }

  #unlink(record: number): void {
    const slot = this.#records.slot[record]!;
    let before = NOBODY;
    let at = this.#first[slot]!;
    while (at !== record) {
      before = at;
      at = this.#records.next[at]!;
    }
    if (before === NOBODY) this.#first[slot] = this.#records.next[record]!;
    else this.#records.next[before] = this.#records.next[record]!;
    this.#queued[slot]! -= 1;
    this.#head[ALL_WAITING]! -= 1;
  }

  /** Gives free places to those whose turn it is. */
  #serve(slot: number): void {
    const { state, turn } = this.#records;
    const max = this.#head[MAX]!;
    while (this.#used[slot]! < max && this.#first[slot] !== NOBODY) {
      const record = this.#first[slot]!;
      this.#unlink(record);
      this.#round[slot] = turn[record]!;
      this.#count(slot);
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

  #count(slot: number): void {
    this.#table.until[slot] = Number.POSITIVE_INFINITY;
    this.#used[slot]! += 1;
    this.#head[ALL_HELD]! += 1;
  }

  #freeIfUnused(slot: number): void {
    if (this.#used[slot] === 0 && this.#queued[slot] === 0) this.#table.until[slot] = NEVER;
  }

  /** Records tell everything; counts, queues and the list of free ones are made from them. */
  #rebuild(ended: number): void {
    for (let slot = 0; slot < this.#table.slotsUsed; slot += 1) {
      const round = this.#round[slot]!;
      this.#clear(slot);
      this.#round[slot] = round;
      this.#table.until[slot] = NEVER;
    }
    this.#head[ALL_HELD] = 0;
    this.#head[ALL_WAITING] = 0;
    this.#records.reclaim(ended);
    const { state, slot, last } = this.#records;
    const waiting: number[] = [];
    for (let record = 1; record <= last; record += 1) {
      if (state[record] === WAITING) waiting.push(record);
      else if (state[record] === HELD || state[record] === GRANTED) this.#count(slot[record]!);
    }
    for (const record of waiting) this.#enqueue(record);
    for (const record of waiting) this.#serve(slot[record]!);
  }
}

/** Tells callers apart, but for a chance of one in 2^48. */
const callerNumber = (name: string): number => hash('sha256', name, 'buffer').readUIntBE(0, 6);

/** A slot of the table is in use for as long as somebody holds a place or waits: no clock ends it. */
const NEVER = 0;
const FULL: Entered = Object.freeze({ kind: 'full' });

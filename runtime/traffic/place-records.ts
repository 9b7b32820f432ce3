/** Records of calls that hold a place or wait for one, in memory that threads share. */

/** What one record says of a call. */
export const FREE = 0;
export const HELD = 1;
export const WAITING = 2;
/** It holds a place, and its thread has not seen it yet. */
export const GRANTED = 3;
/** It made room in the queue for another, and its thread has not seen it yet. */
export const DROPPED = 4;

/** Records are numbered from 1. */
export const NOBODY = 0;

/** Numbers of a record. */
const COLUMNS = 14;

/** How many records were ever used, and the first that is free again. */
const USED = 0;
const FIRST_FREE = 1;
const HEAD_NUMBERS = 2;

export const recordBytes = (records: number): number =>
  (HEAD_NUMBERS + (records + 1) * COLUMNS) * Float64Array.BYTES_PER_ELEMENT;

/** Everything is to be done under a lock, but for reading the state of one's own. */
export class PlaceRecords {
  /** Written last: it says that the rest is there. */
  readonly state: Float64Array;
  /** The thread whose call it is. */
  readonly owner: Float64Array;
  /** The slot of its key. */
  readonly slot: Float64Array;
  /** Whose call it is, as a number. */
  readonly caller: Float64Array;
  readonly turn: Float64Array;
  /** Of two with the same turn, the one that came first has the lower. */
  readonly order: Float64Array;
  /** The next that waits for the same key, or the next free one. */
  readonly next: Float64Array;
  /** The one before that waits for the same key. */
  readonly previous: Float64Array;
  /** Those of the same caller that wait for the same key: the one that came before, and the one after. */
  readonly earlier: Float64Array;
  readonly later: Float64Array;
  /** Of the indexes by which runtime/traffic/place-queue.ts finds who waits. */
  readonly callerHeads: Float64Array;
  readonly callerNext: Float64Array;
  readonly turnHeads: Float64Array;
  readonly turnNext: Float64Array;
  readonly #head: Float64Array;
  readonly #max: number;

  /** @param offset where in the memory they begin; they take all the rest */
  constructor(memory: SharedArrayBuffer, offset: number) {
    this.#head = new Float64Array(memory, offset, HEAD_NUMBERS);
    const first = offset + this.#head.byteLength;
    const length = (memory.byteLength - first) / COLUMNS / Float64Array.BYTES_PER_ELEMENT;
    this.#max = length - 1;
    const column = (index: number) =>
      new Float64Array(memory, first + index * length * Float64Array.BYTES_PER_ELEMENT, length);
    this.state = column(0);
    this.owner = column(1);
    this.slot = column(2);
    this.caller = column(3);
    this.turn = column(4);
    this.order = column(5);
    this.next = column(6);
    this.previous = column(7);
    this.earlier = column(8);
    this.later = column(9);
    this.callerHeads = column(10);
    this.callerNext = column(11);
    this.turnHeads = column(12);
    this.turnNext = column(13);
  }

  /** All records that were ever used are up to this one. */
  get last(): number {
    return this.#head[USED]!;
  }

  /** A record to be filled, or `NOBODY` where there is none. */
  take(owner: number, slot: number): number {
    let record = this.#head[FIRST_FREE]!;
    if (record !== NOBODY) this.#head[FIRST_FREE] = this.next[record]!;
    else {
      if (this.last >= this.#max) return NOBODY;
      record = this.last + 1;
      this.#head[USED] = record;
    }
    this.owner[record] = owner;
    this.slot[record] = slot;
    return record;
  }

  free(record: number): void {
    this.state[record] = FREE;
    this.next[record] = this.#head[FIRST_FREE]!;
    this.#head[FIRST_FREE] = record;
  }

  /** Makes the list of free records anew, with those of `ended`, a thread that is no more. */
  reclaim(ended: number): void {
    this.#head[FIRST_FREE] = NOBODY;
    for (let record = this.last; record > NOBODY; record -= 1)
      if (this.owner[record] === ended || this.state[record] === FREE) this.free(record);
  }
}

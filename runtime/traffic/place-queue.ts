/** Who waits for a place, by key, in turns: each step takes as long whether one waits or thousands do. */
import { NOBODY, type PlaceRecords } from './place-records.ts';

/** By slot of the table of keys. */
export interface QueueColumns {
  readonly length: Float64Array;
  /** The first record that waits, and the last. */
  readonly first: Float64Array;
  readonly last: Float64Array;
  /** The round of who got a place last: nobody who waits is of one before. */
  readonly round: Float64Array;
}

/** Finds the record that waits last among those of one key with the same number. */
class LastBy {
  readonly #slot: Float64Array;
  readonly #number: Float64Array;
  /** The first record of each bucket, and the next one in its bucket of each record. */
  readonly #heads: Float64Array;
  readonly #next: Float64Array;

  constructor(slot: Float64Array, number: Float64Array, heads: Float64Array, next: Float64Array) {
    this.#slot = slot;
    this.#number = number;
    this.#heads = heads;
    this.#next = next;
  }

  get(slot: number, number: number): number {
    let at = this.#heads[this.#bucket(slot, number)]!;
    while (at !== NOBODY && (this.#slot[at] !== slot || this.#number[at] !== number)) at = this.#next[at]!;
    return at;
  }

  add(record: number): void {
    const bucket = this.#bucket(this.#slot[record]!, this.#number[record]!);
    this.#next[record] = this.#heads[bucket]!;
    this.#heads[bucket] = record;
  }

  remove(record: number): void {
    const bucket = this.#bucket(this.#slot[record]!, this.#number[record]!);
    if (this.#heads[bucket] === record) {
      this.#heads[bucket] = this.#next[record]!;
      return;
    }
    let before = this.#heads[bucket]!;
    while (this.#next[before] !== record) before = this.#next[before]!;
    this.#next[before] = this.#next[record]!;
  }

  clear(): void {
    this.#heads.fill(NOBODY);
  }

  #bucket(slot: number, number: number): number {
    // The number before the first is asked for, too.
    return (slot * 7919 + number + 1) % this.#heads.length;
  }
}

/**
 * Callers take turns: what one has waiting is of one round after the other, and rounds go in order. Everything is to be
 * done under a lock.
 */
export class PlaceQueue {
  readonly #records: PlaceRecords;
  readonly #of: QueueColumns;
  readonly #ofCaller: LastBy;
  readonly #ofTurn: LastBy;

  constructor(records: PlaceRecords, columns: QueueColumns) {
    const { slot, caller, turn, callerHeads, callerNext, turnHeads, turnNext } = records;
    this.#records = records;
    this.#of = columns;
    this.#ofCaller = new LastBy(slot, caller, callerHeads, callerNext);
    this.#ofTurn = new LastBy(slot, turn, turnHeads, turnNext);
  }

  /** One after the last of this caller that waits; the turn of now where none does. */
  turnOf(slot: number, caller: number): number {
    const last = this.#ofCaller.get(slot, caller);
    return last === NOBODY ? this.#of.round[slot]! : this.#records.turn[last]! + 1;
  }

  /** Puts a record in its turn, which `turnOf` told, behind all that have the same. */
  add(record: number): void {
    const { slot, turn } = this.#records;
    const [at, own] = [slot[record]!, turn[record]!];
    const same = this.#ofTurn.get(at, own);
    // Where nobody has the turn before, its caller has nothing waiting, and the turn is that of now.
    this.#insert(record, same === NOBODY ? this.#ofTurn.get(at, own - 1) : same);
  }

  /** Puts a record behind all others; none has a later turn. */
  append(record: number): void {
    this.#insert(record, this.#of.last[this.#records.slot[record]!]!);
  }

  remove(record: number): void {
    const { slot, turn, next, previous, earlier, later } = this.#records;
    const at = slot[record]!;
    const [before, after] = [previous[record]!, next[record]!];
    if (before === NOBODY) this.#of.first[at] = after;
    else next[before] = after;
    if (after === NOBODY) this.#of.last[at] = before;
    else previous[after] = before;
    this.#of.length[at]! -= 1;
    if (after === NOBODY || turn[after] !== turn[record]) {
      this.#ofTurn.remove(record);
      if (before !== NOBODY && turn[before] === turn[record]) this.#ofTurn.add(before);
    }
    const [mine, mineAfter] = [earlier[record]!, later[record]!];
    if (mine !== NOBODY) later[mine] = mineAfter;
    if (mineAfter !== NOBODY) earlier[mineAfter] = mine;
    else {
      this.#ofCaller.remove(record);
      if (mine !== NOBODY) this.#ofCaller.add(mine);
    }
  }

  /** Forgets all that waits; that of each slot is to be cleared by itself. */
  clear(): void {
    this.#ofCaller.clear();
    this.#ofTurn.clear();
  }

  #insert(record: number, before: number): void {
    const { slot, turn, caller, next, previous, earlier, later } = this.#records;
    const at = slot[record]!;
    const after = before === NOBODY ? this.#of.first[at]! : next[before]!;
    previous[record] = before;
    next[record] = after;
    if (before === NOBODY) this.#of.first[at] = record;
    else next[before] = record;
    if (after === NOBODY) this.#of.last[at] = record;
    else previous[after] = record;
    this.#of.length[at]! += 1;
    if (before !== NOBODY && turn[before] === turn[record]) this.#ofTurn.remove(before);
    this.#ofTurn.add(record);
    const mine = this.#ofCaller.get(at, caller[record]!);
    earlier[record] = mine;
    later[record] = NOBODY;
    if (mine !== NOBODY) {
      later[mine] = record;
      this.#ofCaller.remove(mine);
    }
    this.#ofCaller.add(record);
  }
}

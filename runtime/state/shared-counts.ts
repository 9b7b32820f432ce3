/** What the threads of a process have open together, exactly; what a thread had open that has ended is given back. */
import { hash } from 'node:crypto';
import { type CountBound, type Counts, LocalCounts } from './counts.ts';
import { releaseOf, SharedLock } from './shared-lock.ts';

/** The lock, then how many rows are in use, then how many each thread has in all, then the rows. */
const LOCK = 0;
const ROWS_USED = 1;
const TOTALS = 2;
/** Of the digest of a key, in words: no two keys have the same. The last is never 0, so that a row tells if it is free. */
const KEY_WORDS = 4;
const ROWS = 2 ** 17;
/** Beyond so many keys at once nothing is taken: where rows are hard to find, a flood would make it slow for all. */
const MAX_KEYS = (ROWS * 3) / 4;

/** Of who is no thread among those that count, to the lock. */
const NOBODY = 2 ** 31 - 1;

/** Memory for as many threads. Only what is used of it takes room. */
export const countsMemory = (threads: number): SharedArrayBuffer =>
  new SharedArrayBuffer((TOTALS + threads + ROWS * (KEY_WORDS + threads)) * Int32Array.BYTES_PER_ELEMENT);

/** One thread among those that count together. */
export interface CountingThread {
  /** Which of them it is, from 0: another that takes its place has the same. */
  readonly place: number;
  readonly threads: number;
  /** Names it among those that are alive. */
  readonly holder: number;
}

const readKey = (given: string): Int32Array => {
  const digest = hash('sha256', given, 'buffer');
  const key = Int32Array.from({ length: KEY_WORDS }, (_, word) => digest.readInt32LE(word * 4));
  key[KEY_WORDS - 1]! |= 1;
  return key;
};

/** The rows of all keys: each with its digest, then with how many each thread has. Open addressing. */
class Table {
  readonly words: Int32Array;
  readonly #threads: number;
  readonly #rowWords: number;

  constructor(memory: SharedArrayBuffer, threads: number) {
    this.words = new Int32Array(memory);
    this.#threads = threads;
    this.#rowWords = KEY_WORDS + threads;
  }

  /** Where the row of a key is, or the first that is free for it. */
  find(key: Int32Array): number {
    let row = key[0]! & (ROWS - 1);
    while (this.isUsed(row) && !this.#holds(row, key)) row = (row + 1) & (ROWS - 1);
    return row;
  }

  isUsed(row: number): boolean {
    return this.words[this.#at(row) + KEY_WORDS - 1] !== 0;
  }

  keyOf(row: number): Int32Array {
    return this.words.slice(this.#at(row), this.#at(row) + KEY_WORDS);
  }

  use(row: number, key: Int32Array): void {
    this.words.set(key, this.#at(row));
    this.words[ROWS_USED]! += 1;
  }

  /** Where the count of a thread stands in the words of a row. */
  countAt(row: number, place: number): number {
    return this.#at(row) + KEY_WORDS + place;
  }

  /** Of all threads. */
  sum(row: number): number {
    return this.#sumFrom(this.countAt(row, 0));
  }

  total(): number {
    return this.#sumFrom(TOTALS);
  }

  /** Frees a row; those behind it that were looked for there before move up. */
  free(row: number): void {
    let hole = row;
    for (let next = (row + 1) & (ROWS - 1); this.isUsed(next); next = (next + 1) & (ROWS - 1)) {
      const home = this.words[this.#at(next)]! & (ROWS - 1);
      if (((next - home) & (ROWS - 1)) < ((next - hole) & (ROWS - 1))) continue;
      this.words.copyWithin(this.#at(hole), this.#at(next), this.#at(next) + this.#rowWords);
      hole = next;
    }
    this.words.fill(0, this.#at(hole), this.#at(hole) + this.#rowWords);
    this.words[ROWS_USED]! -= 1;
  }

  /** Takes all rows out. */
  drain(): { readonly key: Int32Array; readonly counts: Int32Array }[] {
    const rows = [];
    for (let row = 0; row < ROWS; row += 1) {
      if (!this.isUsed(row)) continue;
      const at = this.countAt(row, 0);
      rows.push({ key: this.keyOf(row), counts: this.words.slice(at, at + this.#threads) });
      this.words.fill(0, this.#at(row), this.#at(row) + this.#rowWords);
    }
    this.words[ROWS_USED] = 0;
    return rows;
  }

  #at(row: number): number {
    return TOTALS + this.#threads + row * this.#rowWords;
  }

  #sumFrom(at: number): number {
    let sum = 0;
    for (let place = 0; place < this.#threads; place += 1) sum += this.words[at + place]!;
    return sum;
  }

  #holds(row: number, key: Int32Array): boolean {
    const at = this.#at(row);
    for (let word = 0; word < KEY_WORDS; word += 1) if (this.words[at + word] !== key[word]) return false;
    return true;
  }
}

/** Counts over memory that all threads share. */
export class SharedCounts implements Counts {
  readonly #table: Table;
  readonly #place: number;
  readonly #lock: SharedLock;

  constructor(memory: SharedArrayBuffer, { place, threads, holder }: CountingThread) {
    this.#table = new Table(memory, threads);
    this.#place = place;
    this.#lock = new SharedLock(this.#table.words, LOCK, holder);
  }

  take(given: string, max: number, maxPerKey: number, amount = 1): CountBound | undefined {
    const key = readKey(given);
    this.#lock.acquire();
    try {
      return this.#take(key, max, maxPerKey, amount);
    } finally {
      this.#lock.release();
    }
  }

  giveBack(given: string, amount = 1): void {
    const key = readKey(given);
    const table = this.#table;
    this.#lock.acquire();
    try {
      const row = table.find(key);
      table.words[table.countAt(row, this.#place)]! -= amount;
      table.words[TOTALS + this.#place]! -= amount;
      if (table.sum(row) === 0) table.free(row);
    } finally {
      this.#lock.release();
    }
  }

  #take(key: Int32Array, max: number, maxPerKey: number, amount: number): CountBound | undefined {
    const table = this.#table;
    if (table.total() + amount > max) return 'all';
    const row = table.find(key);
    if (!table.isUsed(row)) {
      if (amount > maxPerKey) return 'key';
      if (table.words[ROWS_USED]! >= MAX_KEYS) return 'all';
      table.use(row, key);
    } else if (table.sum(row) + amount > maxPerKey) return 'key';
    table.words[table.countAt(row, this.#place)]! += amount;
    table.words[TOTALS + this.#place]! += amount;
    return undefined;
  }
}

/** Counts over what threads share, or for itself where nothing is shared. */
export const countsIn = (
  memory: SharedArrayBuffer | undefined,
  thread: CountingThread | undefined,
): Counts =>
  memory === undefined || thread === undefined ? new LocalCounts() : new SharedCounts(memory, thread);

/**
 * Gives back all that a thread had which has ended, and frees the lock if it held it. It may have ended in the middle of
 * a change: the rows are written anew, each key once.
 */
export const giveBackAll = (memory: SharedArrayBuffer, { place, threads, holder }: CountingThread): void => {
  const table = new Table(memory, threads);
  releaseOf(table.words, LOCK, holder);
  const lock = new SharedLock(table.words, LOCK, NOBODY);
  lock.acquire();
  try {
    table.words[TOTALS + place] = 0;
    for (const { key, counts } of table.drain()) {
      counts[place] = 0;
      const row = table.find(key);
      if (table.isUsed(row) || counts.every((count) => count === 0)) continue;
      table.use(row, key);
      table.words.set(counts, table.countAt(row, 0));
    }
  } finally {
    lock.release();
  }
};

/** A table in memory that threads share: from keys, told apart by their digests, to slots that are used for a time. */
import { randomFillSync } from 'node:crypto';
import { type Fullest, KEYS_PER_STEP } from '../traffic/fill.ts';
import { KEY_WORDS, KeyDigests } from './key-digests.ts';
import { SharedLock } from './shared-lock.ts';

/** Words before the keys: the lock, how many levels of the table are in use, how many there may be, and its salt. */
const LOCK = 0;
const LEVELS_USED = 1;
const LEVELS = 2;
const SALT = 4;
const SALT_WORDS = 4;
const HEAD_WORDS = 8;
/** Slots that a key may have in each level. */
const WAYS = 8;
const FIRST_LEVEL_SLOTS = 1024;
/** Each level has twice the slots of the one before: a million keys find room, and no more than two. */
const MAX_LEVELS = 11;

const slotsIn = (levels: number): number => FIRST_LEVEL_SLOTS * (2 ** levels - 1);

const valuesOffset = (levels: number): number =>
  (HEAD_WORDS + slotsIn(levels) * KEY_WORDS) * Int32Array.BYTES_PER_ELEMENT;

interface TableSize {
  /** Numbers for each key. */
  readonly columns: number;
  /** Each holds a thousand keys more than all before; as many as there can be if absent. */
  readonly levels?: number | undefined;
  /** At the end of the memory, and not the table's. */
  readonly restBytes?: number;
}

/**
 * Memory for one table, with a salt of its own: nobody can find keys that would fill up the slots that another may have.
 * Only what is used of it takes room: with each doubling of the keys a level more.
 */
export const tableMemory = ({
  columns,
  levels = MAX_LEVELS,
  restBytes = 0,
}: TableSize): SharedArrayBuffer => {
  const columnBytes = slotsIn(levels) * Float64Array.BYTES_PER_ELEMENT;
  const memory = new SharedArrayBuffer(valuesOffset(levels) + columns * columnBytes + restBytes);
  new Int32Array(memory, 0, HEAD_WORDS)[LEVELS] = levels;
  randomFillSync(new Int32Array(memory, SALT * Int32Array.BYTES_PER_ELEMENT, SALT_WORDS));
  return memory;
};

/** Everything but the lock is to be called while that is held. */
export class SharedTable {
  readonly lock: SharedLock;
  /** Until when each slot is in use: later, it may be given to another key. */
  readonly until: Float64Array;
  readonly #memory: SharedArrayBuffer;
  readonly #levels: number;
  readonly #head: Int32Array;
  readonly #keys: Int32Array;
  readonly #digests: KeyDigests;
  readonly #key = new Int32Array(KEY_WORDS);
  /** The first slot that is free for the key that is looked for. */
  #free = -1;

  /** @param holder names this thread among those that share the memory */
  constructor(memory: SharedArrayBuffer, holder: number) {
    this.#memory = memory;
    this.#head = new Int32Array(memory, 0, HEAD_WORDS);
    this.#levels = this.#head[LEVELS]!;
    this.#digests = new KeyDigests(this.#head.subarray(SALT, SALT + SALT_WORDS).join(' '));
    this.#keys = new Int32Array(
      memory,
      HEAD_WORDS * Int32Array.BYTES_PER_ELEMENT,
      slotsIn(this.#levels) * KEY_WORDS,
    );
    this.until = this.column(0);
    this.lock = new SharedLock(this.#head, LOCK, holder);
  }

  /** A number for each slot; the first column is `until`. */
  column(index: number): Float64Array {
    const slots = slotsIn(this.#levels);
    const offset = valuesOffset(this.#levels) + index * slots * Float64Array.BYTES_PER_ELEMENT;
    return new Float64Array(this.#memory, offset, slots);
  }

  /** All slots that were ever in use are before this one. */
  get slotsUsed(): number {
    return slotsIn(this.#head[LEVELS_USED]!);
  }

  /** How many slots are in use. */
  sizeAt(now: number): number {
    return this.until.subarray(0, this.slotsUsed).filter((until) => until > now).length;
  }

  /** What tells a key from all others here. */
  digestOf(key: string): Uint8Array {
    const words = new Int32Array(KEY_WORDS);
    this.#digests.read(key, words);
    return new Uint8Array(words.buffer);
  }

  /** That of the key of a slot. */
  digestAt(slot: number): Uint8Array {
    const { BYTES_PER_ELEMENT } = Int32Array;
    const at = (HEAD_WORDS + slot * KEY_WORDS) * BYTES_PER_ELEMENT;
    return new Uint8Array(this.#memory, at, KEY_WORDS * BYTES_PER_ELEMENT).slice();
  }

  /**
   * Shows the slots that are in use at `now` to `fullest`, which part of each is taken told by `used`. Takes no lock: for
   * people it is good enough.
   */
  *fill(now: number, used: (slot: number) => number, fullest: Fullest): Generator<void> {
    for (let slot = 0; slot < this.slotsUsed; slot += 1) {
      if (slot % KEYS_PER_STEP === KEYS_PER_STEP - 1) yield;
      if (this.until[slot]! <= now) continue;
      const part = used(slot);
      if (fullest.wants(part)) fullest.add(part, this.digestAt(slot));
    }
  }

  /** Chooses the key that `find` and `claim` are about. Needs no lock: it is this thread's own. */
  choose(key: string): void {
    this.#digests.read(key, this.#key);
  }

  /** The slot of the chosen key if it is in use, or -1. */
  find(now: number): number {
    this.#free = -1;
    const levels = this.#head[LEVELS_USED]!;
    for (let level = 0; level < levels; level += 1) {
      const first = firstSlot(this.#key, level);
      for (let slot = first; slot < first + WAYS; slot += 1) {
        if (this.until[slot]! <= now) {
          if (this.#free < 0) this.#free = slot;
        } else if (this.#holds(slot)) return slot;
      }
    }
    return -1;
  }

  #holds(slot: number): boolean {
    const at = slot * KEY_WORDS;
    for (let word = 0; word < KEY_WORDS; word += 1)
      if (this.#keys[at + word] !== this.#key[word]) return false;
    return true;
  }

  /** Whether `claim` would find a slot for the chosen key, which `find` did not find. */
  get hasRoom(): boolean {
    return this.#free >= 0 || this.#head[LEVELS_USED]! < this.#levels;
  }

  /** A slot for the chosen key, which `find` did not find, or -1 where all that it may have are in use. */
  claim(now: number): number {
    let slot = this.#free;
    while (slot < 0) {
      const level = this.#head[LEVELS_USED]!;
      if (level === this.#levels) return -1;
      this.#head[LEVELS_USED] = level + 1;
      const first = firstSlot(this.#key, level);
      if (this.until[first]! <= now) slot = first;
    }
    this.#keys.set(this.#key, slot * KEY_WORDS);
    return slot;
  }
}

/** Where the slots of a key begin in a level. */
const firstSlot = (key: Int32Array, level: number): number => {
  const sets = (FIRST_LEVEL_SLOTS * 2 ** level) / WAYS;
  return slotsIn(level) + (key[level % KEY_WORDS]! & (sets - 1)) * WAYS;
};

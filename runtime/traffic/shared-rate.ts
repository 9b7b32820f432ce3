/** A rate limit that the threads of a process count together: exact whichever of them takes a request. */
import { hash } from 'node:crypto';
import type { RateLimitNode } from '../../schema/graph/limit.ts';
import { monotonicMs } from '../state/monotonic.ts';
import { SharedLock } from '../state/shared-lock.ts';
import { Gcra, type RateVerdict } from './gcra.ts';
import type { RateLimiter } from './rate.ts';

/** Words before the keys: the lock, and how many levels of the table are in use. */
const LOCK = 0;
const LEVELS_USED = 1;
const HEAD_WORDS = 2;
/** Of the digest of a key, in words: no two keys have the same. */
const KEY_WORDS = 4;
/** Slots that a key may have in each level. */
const WAYS = 8;
const FIRST_LEVEL_SLOTS = 1024;
/** Each level has twice the slots of the one before. */
const MAX_LEVELS = 10;
const SLOTS = FIRST_LEVEL_SLOTS * (2 ** MAX_LEVELS - 1);
const TIMES_OFFSET = (HEAD_WORDS + SLOTS * KEY_WORDS) * Int32Array.BYTES_PER_ELEMENT;
const BYTES = TIMES_OFFSET + SLOTS * Float64Array.BYTES_PER_ELEMENT;

/** Memory for one limit. Only what is used of it takes room: with each doubling of the keys a level more. */
export const rateMemory = (): SharedArrayBuffer => new SharedArrayBuffer(BYTES);

/** What {@link createRateLimiter} makes, over memory that others share; `holder` names this thread among them. */
export const createSharedRateLimiter = (
  node: RateLimitNode,
  memory: SharedArrayBuffer,
  holder: number,
): RateLimiter => new SharedRateLimiter(node, memory, holder);

class SharedRateLimiter implements RateLimiter {
  readonly #gcra: Gcra;
  readonly #head: Int32Array;
  readonly #keys: Int32Array;
  /** When the bucket in each slot is full again, in units; a slot where that is over is free. */
  readonly #fullAt: Float64Array;
  readonly #lock: SharedLock;
  /** The digest of the key that is counted now. */
  readonly #key = new Int32Array(KEY_WORDS);
  /** The first slot that is free for the key that is looked for. */
  #free = -1;

  constructor(node: RateLimitNode, memory: SharedArrayBuffer, holder: number) {
    this.#gcra = new Gcra(node);
    this.#head = new Int32Array(memory, 0, HEAD_WORDS);
    this.#keys = new Int32Array(memory, HEAD_WORDS * Int32Array.BYTES_PER_ELEMENT, SLOTS * KEY_WORDS);
    this.#fullAt = new Float64Array(memory, TIMES_OFFSET, SLOTS);
    this.#lock = new SharedLock(this.#head, LOCK, holder);
  }

  get size(): number {
    const now = this.#gcra.at(Math.floor(monotonicMs()));
    return this.#fullAt.subarray(0, levelStart(this.#head[LEVELS_USED]!)).filter((fullAt) => fullAt > now)
      .length;
  }

  take(given: string): RateVerdict {
    readDigest(given, this.#key);
    this.#lock.acquire();
    try {
      // Read under the lock, so that no thread comes with a moment before one that was counted.
      return this.#take(this.#key, this.#gcra.at(Math.floor(monotonicMs())));
    } finally {
      this.#lock.release();
    }
  }

  #take(key: Int32Array, now: number): RateVerdict {
    const known = this.#find(key, now);
    const before = known < 0 ? 0 : this.#fullAt[known]!;
    const fullAt = this.#gcra.fullAtAfter(before, now);
    if (fullAt === undefined) return this.#gcra.verdict(false, before, now);
    const slot = known < 0 ? this.#claim(key, now) : known;
    if (slot < 0) return this.#gcra.refusedForRoom();
    this.#fullAt[slot] = fullAt;
    return this.#gcra.verdict(true, fullAt, now);
  }

  /** The slot of a key whose bucket is not full, or -1. */
  #find(key: Int32Array, now: number): number {
    this.#free = -1;
    const levels = this.#head[LEVELS_USED]!;
    for (let level = 0; level < levels; level += 1) {
      const first = firstSlot(key, level);
      for (let slot = first; slot < first + WAYS; slot += 1) {
        if (this.#fullAt[slot]! <= now) {
          if (this.#free < 0) this.#free = slot;
        } else if (this.#holds(slot, key)) return slot;
      }
    }
    return -1;
  }

  #holds(slot: number, key: Int32Array): boolean {
    const at = slot * KEY_WORDS;
    for (let word = 0; word < KEY_WORDS; word += 1) if (this.#keys[at + word] !== key[word]) return false;
    return true;
  }

  /** A slot for a key that has none, or -1 where all that it may have are in use. */
  #claim(key: Int32Array, now: number): number {
    let slot = this.#free;
    while (slot < 0) {
      const level = this.#head[LEVELS_USED]!;
      if (level === MAX_LEVELS) return -1;
      this.#head[LEVELS_USED] = level + 1;
      const first = firstSlot(key, level);
      if (this.#fullAt[first]! <= now) slot = first;
    }
    this.#keys.set(key, slot * KEY_WORDS);
    return slot;
  }
}

const levelStart = (level: number): number => FIRST_LEVEL_SLOTS * (2 ** level - 1);

/** Where the slots of a key begin in a level. */
const firstSlot = (key: Int32Array, level: number): number => {
  const sets = (FIRST_LEVEL_SLOTS * 2 ** level) / WAYS;
  return levelStart(level) + (key[level % KEY_WORDS]! & (sets - 1)) * WAYS;
};

const readDigest = (given: string, into: Int32Array): void => {
  const digest = hash('sha256', given, 'buffer');
  for (let word = 0; word < KEY_WORDS; word += 1) into[word] = digest.readInt32LE(word * 4);
};

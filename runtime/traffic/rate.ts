/** A rate limit: GCRA, the generic cell rate algorithm, by key. */
import { createHash, hash } from 'node:crypto';
import type { RateLimitNode } from '../../schema/graph/limit.ts';
import type { CountVerdict, LocalCounter } from './counter.ts';
import { type Filled, type Fullest, KEYS_PER_STEP } from './fill.ts';
import { Gcra } from './gcra.ts';

/** `nowMs` may be of any clock; where that steps back, time stands still for as long. */
export interface RateLimiter extends LocalCounter, Filled {
  /** How many keys are remembered. */
  readonly size: number;
}

const MAX_KEYS = 1_000_000;

/** Longer keys are remembered by their digest, so that nobody fills the memory with one key's text. */
const MAX_KEY_LENGTH = 128;

/** Looked at for each key that is new: more than comes in, so that what is over goes out. */
const SWEPT_PER_KEY = 2;
const SWEPT_WHEN_FULL = 64;

/**
 * In any span of t milliseconds a key passes at most `burst + floor(t × count / periodMs)` requests of cost 1.
 *
 * A key whose bucket is full again is forgotten, a few with each new key. At `maxKeys` keys that are all in use, a
 * key that is new is refused: a limit that cannot count fails closed.
 */
export const createRateLimiter = (node: RateLimitNode, maxKeys: number = MAX_KEYS): RateLimiter =>
  new GcraLimiter(node, maxKeys);

class GcraLimiter implements RateLimiter {
  readonly #gcra: Gcra;
  readonly #maxKeys: number;
  /** When the bucket of each key is full again, in units. */
  readonly #fullAt = new Map<string, number>();
  #sweeper = this.#fullAt.entries();
  #elapsedMs = 0;
  #lastMs: number | undefined;

  constructor(node: RateLimitNode, maxKeys: number) {
    this.#gcra = new Gcra(node);
    this.#maxKeys = maxKeys;
  }

  get size(): number {
    return this.#fullAt.size;
  }

  peek(given: string, nowMs: number, cost = 1): CountVerdict {
    const now = this.#gcra.at(this.#advance(nowMs));
    const known = this.#fullAt.get(kept(given));
    if (known === undefined && !this.#hasRoom(now)) return this.#gcra.refusedForRoom();
    return this.#gcra.foreseen(known ?? 0, now, cost);
  }

  take(given: string, nowMs: number, cost = 1): CountVerdict {
    const key = kept(given);
    const now = this.#gcra.at(this.#advance(nowMs));
    const known = this.#fullAt.get(key);
    if (known === undefined && !this.#hasRoom(now)) return this.#gcra.refusedForRoom();
    const fullAt = this.#gcra.fullAtAfter(known ?? 0, now, cost);
    if (fullAt === undefined) return this.#gcra.verdict(false, known ?? 0, now, cost);
    this.#fullAt.set(key, fullAt);
    return this.#gcra.verdict(true, fullAt, now, cost);
  }

  *fill(_node: RateLimitNode, fullest: Fullest, nowMs: number): Generator<void> {
    const now = this.#gcra.at(this.#advance(nowMs));
    let step = 0;
    for (const [key, fullAt] of this.#fullAt) {
      step += 1;
      if (step % KEYS_PER_STEP === 0) yield;
      const used = this.#gcra.used(fullAt, now);
      if (used > 0 && fullest.wants(used)) fullest.add(used, this.digestOf(key));
    }
  }

  digestOf(key: string): Uint8Array {
    return hash('sha256', key, 'buffer');
  }

  #advance(nowMs: number): number {
    if (this.#lastMs !== undefined && nowMs > this.#lastMs) this.#elapsedMs += nowMs - this.#lastMs;
    this.#lastMs = nowMs;
    return this.#elapsedMs;
  }

  #hasRoom(now: number): boolean {
    this.#sweep(now, SWEPT_PER_KEY);
    if (this.#fullAt.size >= this.#maxKeys) this.#sweep(now, SWEPT_WHEN_FULL);
    return this.#fullAt.size < this.#maxKeys;
  }

  #sweep(now: number, steps: number): void {
    for (let step = 0; step < steps; step += 1) {
      const next = this.#sweeper.next();
      if (next.done === true) {
        this.#sweeper = this.#fullAt.entries();
        return;
      }
      if (next.value[1] <= now) this.#fullAt.delete(next.value[0]);
    }
  }
}

/** A key as it is remembered. */
const kept = (key: string): string => (key.length > MAX_KEY_LENGTH ? digest(key) : key);

const digest = (key: string): string => `sha256:${createHash('sha256').update(key).digest('base64')}`;

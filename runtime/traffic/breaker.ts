/**
 * A circuit breaker for one upstream. Its state is a piece of memory that the threads of a process may share: what one
 * of them learns of the upstream, all know at once. No library for it keeps its state outside its own objects.
 */
import type { BreakerNode } from '../../schema/graph/upstream.ts';
import { GatewayError, RPC } from '../errors.ts';
import { monotonicMs } from '../state/monotonic.ts';
import { SharedLock } from '../state/shared-lock.ts';

export type BreakerState = 'closed' | 'half-open' | 'open';

/** Why an attempt counts against the upstream. JSON-RPC errors and tool errors do where that is declared: `answer`. */
export type BreakerFailure = 'connect' | 'timeout' | 'status' | 'exit' | 'protocol' | 'answer';

/** Proof of admission, handed back with the outcome; 0 is a refusal. */
export type Admission = number;

export interface Breaker {
  readonly state: BreakerState;
  /** Synchronous: 0 if refused, else a ticket for exactly one `success`, `failure` or `release`. */
  admit(): Admission;
  /** Any answer, a JSON-RPC error included. */
  success(admission: Admission): void;
  failure(admission: Admission, kind: BreakerFailure): void;
  /** The attempt ended without a verdict: the caller took it back. */
  release(admission: Admission): void;
  /** What a refused caller gets: `breaker_open` with the time until a probe is let through. */
  refusal(): GatewayError;
  /** Later admissions are refused. */
  close(): void;
}

interface BreakerOptions {
  /** Told by the thread that changed it. */
  readonly onChange: (state: BreakerState) => void;
  /** {@link BREAKER_BYTES} zeros from `offset` on, or what another breaker of the same node has made of them. */
  readonly memory?: ArrayBufferLike;
  /** Default 0. */
  readonly offset?: number;
  /** Names this thread among those that share the memory. */
  readonly holder?: number;
}

const BUCKETS = 10;
/** Words: the lock, the state, the epoch, failures in a row, then successes and failures of each bucket. */
const LOCK = 0;
const STATE = 1;
const EPOCH = 2;
const IN_ROW = 3;
const SUCCESSES = 4;
const FAILURES = SUCCESSES + BUCKETS;
const WORDS = FAILURES + BUCKETS;
/** Times, behind the words: when it opened, when a probe began, and the number of each bucket's span. */
const OPENED = 0;
const PROBE = 1;
const SPANS = 2;
const TIMES = SPANS + BUCKETS;

const TIMES_OFFSET = WORDS * Int32Array.BYTES_PER_ELEMENT;

/** What one breaker needs. */
export const BREAKER_BYTES = TIMES_OFFSET + TIMES * Float64Array.BYTES_PER_ELEMENT;

const STATES = ['closed', 'open', 'half-open'] as const;
const CLOSED = 0;
const OPEN = 1;
const HALF_OPEN = 2;

/**
 * Opens after `consecutive` failures in a row or when `errorRate` of at least `minimumCalls` outcomes in the
 * window failed, whichever is declared; refuses for `openForMs`, then lets one probe through whose outcome closes
 * or opens it again; one without an outcome after `openForMs` makes way for another. Outcomes of calls admitted before
 * the last change of state count for nothing.
 */
export const createBreaker = (node: BreakerNode, options: BreakerOptions): Breaker =>
  new MemoryBreaker(node, options);

class MemoryBreaker implements Breaker {
  readonly #node: BreakerNode;
  readonly #onChange: (state: BreakerState) => void;
  readonly #words: Int32Array;
  readonly #times: Float64Array;
  readonly #lock: SharedLock;
  readonly #bucketMs: number;
  /** Entered under the lock, told behind it. */
  #entered: BreakerState | undefined;
  #closed = false;

  constructor(node: BreakerNode, { onChange, memory, offset = 0, holder = 1 }: BreakerOptions) {
    const bytes = memory ?? new ArrayBuffer(BREAKER_BYTES);
    this.#node = node;
    this.#onChange = onChange;
    this.#words = new Int32Array(bytes, offset, WORDS);
    this.#times = new Float64Array(bytes, offset + TIMES_OFFSET, TIMES);
    this.#lock = new SharedLock(this.#words, LOCK, holder);
    this.#bucketMs = node.windowMs / BUCKETS;
  }

  get state(): BreakerState {
    if (this.#state === OPEN) this.#locked(() => this.#lapse(monotonicMs()));
    return STATES[this.#state]!;
  }

  admit(): Admission {
    if (this.#closed) return 0;
    return this.#state === CLOSED ? this.#epoch : this.#locked(() => this.#probe(monotonicMs()));
  }

  success(admission: Admission): void {
    this.#settle(admission, (nowMs) => {
      this.#words[IN_ROW] = 0;
      this.#bump(SUCCESSES, nowMs);
      if (this.#state === HALF_OPEN) this.#enter(CLOSED);
    });
  }

  failure(admission: Admission, _kind: BreakerFailure): void {
    this.#settle(admission, (nowMs) => {
      this.#words[IN_ROW]! += 1;
      this.#bump(FAILURES, nowMs);
      if (!this.#trips(nowMs)) return;
      this.#times[OPENED] = nowMs;
      this.#enter(OPEN);
    });
  }

  release(admission: Admission): void {
    this.#settle(admission, () => {
      this.#times[PROBE] = 0;
    });
  }

  refusal(): GatewayError {
    const leftMs = Math.ceil(this.#times[OPENED]! + this.#node.openForMs - monotonicMs());
    return new GatewayError('breaker_open', 'the upstream is not called: it failed too often of late', {
      rpcCode: RPC.upstream,
      retryAfterMs: Math.max(this.#state === OPEN ? leftMs : 0, 1),
    });
  }

  close(): void {
    this.#closed = true;
  }

  get #state(): number {
    return Atomics.load(this.#words, STATE);
  }

  /** Changes with the state, never 0: admissions of another epoch are out of date. */
  get #epoch(): Admission {
    return (Atomics.load(this.#words, EPOCH) & 0x7fffffff) + 1;
  }

  #locked<T>(work: () => T): T {
    this.#lock.acquire();
    try {
      return work();
    } finally {
      this.#lock.release();
      const entered = this.#entered;
      this.#entered = undefined;
      if (entered !== undefined) this.#onChange(entered);
    }
  }

  #settle(admission: Admission, work: (nowMs: number) => void): void {
    if (this.#closed || admission !== this.#epoch) return;
    this.#locked(() => {
      if (admission === this.#epoch) work(monotonicMs());
    });
  }

  /** What is open for long enough is half open. */
  #lapse(nowMs: number): void {
    if (this.#state === OPEN && nowMs >= this.#times[OPENED]! + this.#node.openForMs) this.#enter(HALF_OPEN);
  }

  #probe(nowMs: number): Admission {
    this.#lapse(nowMs);
    if (this.#state === CLOSED) return this.#epoch;
    if (this.#state === OPEN) return 0;
    const since = this.#times[PROBE]!;
    if (since !== 0 && nowMs - since < this.#node.openForMs) return 0;
    this.#times[PROBE] = nowMs;
    return this.#epoch;
  }

  #enter(state: number): void {
    Atomics.store(this.#words, STATE, state);
    Atomics.add(this.#words, EPOCH, 1);
    this.#words[IN_ROW] = 0;
    this.#times[PROBE] = 0;
    if (state === CLOSED) this.#words.fill(0, SUCCESSES, WORDS);
    this.#entered = STATES[state]!;
  }

  /** Counts one outcome in the bucket of its span. */
  #bump(outcomes: number, nowMs: number): void {
    const span = Math.floor(nowMs / this.#bucketMs);
    const bucket = span % BUCKETS;
    if (this.#times[SPANS + bucket] !== span) {
      this.#times[SPANS + bucket] = span;
      this.#words[SUCCESSES + bucket] = 0;
      this.#words[FAILURES + bucket] = 0;
    }
    this.#words[outcomes + bucket]! += 1;
  }

  #trips(nowMs: number): boolean {
    const { consecutive, errorRate, minimumCalls } = this.#node;
    if (this.#state === HALF_OPEN) return true;
    if (consecutive !== undefined && this.#words[IN_ROW]! >= consecutive) return true;
    if (errorRate === undefined) return false;
    const oldest = Math.floor(nowMs / this.#bucketMs) - BUCKETS;
    let [successes, failures] = [0, 0];
    for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
      if (this.#times[SPANS + bucket]! <= oldest) continue;
      successes += this.#words[SUCCESSES + bucket]!;
      failures += this.#words[FAILURES + bucket]!;
    }
    const outcomes = failures + successes;
    return outcomes >= minimumCalls && failures >= errorRate * outcomes;
  }
}

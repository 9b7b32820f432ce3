/** A circuit breaker for one upstream. opossum keeps the window and the states; this file is all that knows it. */
import CircuitBreaker from 'opossum';
import type { BreakerNode } from '../../schema/graph/upstream.ts';
import { GatewayError, RPC } from '../errors.ts';

export type BreakerState = 'closed' | 'half-open' | 'open';

/** Why an attempt counts against the upstream. JSON-RPC errors and tool errors do not. */
export type BreakerFailure = 'connect' | 'timeout' | 'status' | 'exit' | 'protocol';

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
  /** Ends all timers. Later admissions are refused. */
  close(): void;
}

interface BreakerOptions {
  readonly onChange: (state: BreakerState) => void;
}

const BUCKETS = 10;

/**
 * Opens after `consecutive` failures in a row or when `errorRate` of at least `minimumCalls` outcomes in the
 * window failed, whichever is declared; refuses for `openForMs`, then lets one probe through whose outcome closes
 * or opens it again. Outcomes of calls admitted before the last change of state count for nothing.
 */
export const createBreaker = (node: BreakerNode, options: BreakerOptions): Breaker =>
  new OpossumBreaker(node, options);

/** opossum's `fire` takes a promise per call; its events take none, so outcomes are told to it as events. */
class OpossumBreaker implements Breaker {
  readonly #node: BreakerNode;
  readonly #onChange: (state: BreakerState) => void;
  readonly #circuit: CircuitBreaker;
  /** Changes with the state: admissions of another epoch are out of date. */
  #epoch = 1;
  #failuresInRow = 0;
  #probing = false;
  #openedAtMs = 0;

  constructor(node: BreakerNode, options: BreakerOptions) {
    this.#node = node;
    this.#onChange = options.onChange;
    this.#circuit = new CircuitBreaker(() => Promise.resolve(), {
      name: 'upstream',
      timeout: false,
      resetTimeout: node.openForMs,
      rollingCountTimeout: node.windowMs,
      rollingCountBuckets: BUCKETS,
      rollingPercentilesEnabled: false,
      enableSnapshots: false,
      // Never by opossum's own arithmetic: `#trips` decides.
      errorThresholdPercentage: 100,
      volumeThreshold: Number.MAX_SAFE_INTEGER,
    });
    this.#circuit.on('open', () => {
      this.#openedAtMs = performance.now();
      this.#enter('open');
    });
    this.#circuit.on('halfOpen', () => this.#enter('half-open'));
    this.#circuit.on('close', () => this.#enter('closed'));
  }

  get state(): BreakerState {
    if (this.#circuit.closed) return 'closed';
    return this.#circuit.halfOpen ? 'half-open' : 'open';
  }

  admit(): Admission {
    if (this.#circuit.closed) return this.#epoch;
    if (!this.#circuit.halfOpen || this.#probing) return 0;
    this.#probing = true;
    return this.#epoch;
  }

  success(admission: Admission): void {
    if (admission !== this.#epoch) return;
    this.#failuresInRow = 0;
    this.#circuit.emit('success', undefined, 0);
  }

  failure(admission: Admission, kind: BreakerFailure): void {
    if (admission !== this.#epoch) return;
    this.#failuresInRow += 1;
    this.#circuit.emit('failure', new Error(kind), 0);
    if (this.#trips()) this.#circuit.open();
  }

  release(admission: Admission): void {
    if (admission === this.#epoch) this.#probing = false;
  }

  refusal(): GatewayError {
    const reopensMs = this.#openedAtMs + this.#node.openForMs;
    const leftMs = this.#circuit.opened ? Math.ceil(reopensMs - performance.now()) : 0;
    return new GatewayError('breaker_open', 'the upstream is not called: it failed too often of late', {
      rpcCode: RPC.upstream,
      retryAfterMs: Math.max(leftMs, 1),
    });
  }

  close(): void {
    this.#epoch = -1;
    this.#circuit.shutdown();
  }

  #trips(): boolean {
    const { consecutive, errorRate, minimumCalls } = this.#node;
    if (this.#circuit.halfOpen) return true;
    if (consecutive !== undefined && this.#failuresInRow >= consecutive) return true;
    if (errorRate === undefined) return false;
    const { failures, successes } = this.#circuit.stats;
    const outcomes = failures + successes;
    return outcomes >= minimumCalls && failures >= errorRate * outcomes;
  }

  #enter(state: BreakerState): void {
    this.#epoch += 1;
    this.#failuresInRow = 0;
    this.#probing = false;
    this.#onChange(state);
  }
}

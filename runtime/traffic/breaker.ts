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
 *
 * opossum's `fire` takes a promise per call; its events take none, so outcomes are told to it as events.
 */
export const createBreaker = (node: BreakerNode, options: BreakerOptions): Breaker => {
  const circuit = new CircuitBreaker(() => Promise.resolve(), {
    name: 'upstream',
    timeout: false,
    resetTimeout: node.openForMs,
    rollingCountTimeout: node.windowMs,
    rollingCountBuckets: BUCKETS,
    rollingPercentilesEnabled: false,
    enableSnapshots: false,
    // Never by opossum's own arithmetic: `trips` below decides.
    errorThresholdPercentage: 100,
    volumeThreshold: Number.MAX_SAFE_INTEGER,
  });
  const { consecutive, errorRate } = node;
  let epoch = 1;
  let row = 0;
  let probing = false;
  let closed = false;
  let openedAtMs = 0;

  const enter = (state: BreakerState): void => {
    epoch += 1;
    row = 0;
    probing = false;
    options.onChange(state);
  };
  circuit.on('open', () => {
    openedAtMs = performance.now();
    enter('open');
  });
  circuit.on('halfOpen', () => enter('half-open'));
  circuit.on('close', () => enter('closed'));

  const trips = (): boolean => {
    if (circuit.halfOpen) return true;
    if (consecutive !== undefined && row >= consecutive) return true;
    if (errorRate === undefined) return false;
    const { failures, successes } = circuit.stats;
    const outcomes = failures + successes;
    return outcomes >= node.minimumCalls && failures >= errorRate * outcomes;
  };

  return {
    get state() {
      if (circuit.closed) return 'closed';
      return circuit.halfOpen ? 'half-open' : 'open';
    },
    admit() {
      if (circuit.closed) return epoch;
      if (!circuit.halfOpen || probing) return 0;
      probing = true;
      return epoch;
    },
    success(admission) {
      if (admission !== epoch || closed) return;
      row = 0;
      circuit.emit('success', undefined, 0);
    },
    failure(admission, kind) {
      if (admission !== epoch || closed) return;
      row += 1;
      circuit.emit('failure', new Error(kind), 0);
      if (trips()) circuit.open();
    },
    release(admission) {
      if (admission === epoch) probing = false;
    },
    refusal() {
      const leftMs = circuit.opened ? Math.ceil(openedAtMs + node.openForMs - performance.now()) : 0;
      return new GatewayError('breaker_open', 'the upstream is not called: it failed too often of late', {
        rpcCode: RPC.upstream,
        retryAfterMs: Math.max(leftMs, 1),
      });
    },
    close() {
      closed = true;
      circuit.shutdown();
    },
  };
};

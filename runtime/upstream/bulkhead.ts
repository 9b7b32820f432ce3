/** Keeps a slow upstream from taking more than its share: so many calls at once, and so many that wait for their turn. */
import type { NodeId } from '../../schema/graph/graph.ts';
import type { ConcurrencyNode, TimeoutsNode } from '../../schema/graph/upstream.ts';
import { GatewayError, RPC } from '../errors.ts';
import {
  createBulkhead,
  type FairGate,
  type GateBounds,
  type GateThreads,
  type NoPlace,
  type Ticket,
  type Waiting,
} from '../traffic/fair-gate.ts';

/** What the memory of an upstream's places goes by, beside that of its breakers. */
export const placesId = (upstream: string): NodeId => `upstream:${upstream}/places`;

const RETRY_AFTER_MS = 1000;

/** There is one key: the upstream. */
const KEY = '';

export class Bulkhead {
  readonly #gate: FairGate;
  readonly #bounds: GateBounds;

  constructor(node: ConcurrencyNode, { callMaxMs }: TimeoutsNode, threads: GateThreads | undefined) {
    this.#gate = createBulkhead(node, threads);
    // The call's own deadline comes first.
    this.#bounds = { ...node, queueTimeoutMs: callMaxMs };
  }

  /** Calls that wait in this thread. */
  get waiting(): number {
    return this.#gate.waiting;
  }

  /** A place, or one in the queue; undefined if both are full. */
  enter(caller: string | undefined, waiting: Waiting): Ticket | undefined {
    return this.#gate.enter(KEY, caller ?? '', this.#bounds, waiting);
  }
}

/** What a call gets for which there was no place. */
export const busyError = (why: NoPlace): GatewayError =>
  new GatewayError('upstream_busy', 'too many calls wait for the upstream', {
    rpcCode: RPC.upstream,
    retryAfterMs: RETRY_AFTER_MS,
    cause: why,
  });

/** What a call gets that could not even wait for a connection. */
export const lineFullError = (cause?: unknown): GatewayError =>
  new GatewayError('upstream_busy', 'too many calls wait for the upstream', {
    status: 503,
    rpcCode: RPC.upstream,
    retryAfterMs: RETRY_AFTER_MS,
    cause,
  });

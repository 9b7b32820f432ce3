/** What replicas share, as those that count see it. */
import type { StateNode } from '../../schema/graph/graph.ts';
import type { CountingLimitNode } from '../../schema/graph/limit.ts';
import { GatewayError, RPC } from '../errors.ts';
import type { CountVerdict } from '../traffic/counter.ts';
import type { StoredTable } from './stored-table.ts';

/** One that serves, and where other replicas reach it. */
export interface Replica {
  readonly id: string;
  readonly address: string;
}

/** What a request takes of one limit, by a key of any text. No two of a request are the same. */
export interface CountedKey {
  readonly node: CountingLimitNode;
  readonly key: string;
  readonly cost: number;
}

/** What a call does with a place that is counted over all replicas. */
export interface PlaceStep {
  /** `enter` asks for a place, or whether it has come; `renew` says that it is held still. */
  readonly what: 'enter' | 'renew' | 'leave';
  /** What is counted together; of any text. */
  readonly name: string;
  /** No two calls have the same. */
  readonly id: string;
  readonly max: number;
  /** How many may wait. */
  readonly queue: number;
}

export type PlaceAnswer = 'held' | 'waits' | 'full';

export interface StateStore {
  /** What becomes of who asks while the store is away. */
  readonly onUnavailable: StateNode['onUnavailable'];
  /** Whether it answered when it was asked last. */
  readonly isUp: boolean;
  /**
   * Counts a request on all limits that are given, or, where one refuses it, on none; what each says, in their order.
   * Rejects with {@link StoreAway}.
   */
  count(limits: readonly CountedKey[]): Promise<readonly CountVerdict[]>;
  /**
   * Does steps one after the other; what became of each, in their order. Who holds or awaits a place and does no step for
   * `leaseMs` is forgotten. Rejects with {@link StoreAway}.
   */
  places(steps: readonly PlaceStep[], leaseMs: number): Promise<readonly PlaceAnswer[]>;
  /** Whether `name` is used for the first time within the last `forMs`. Rejects with {@link StoreAway}. */
  useOnce(name: string, forMs: number): Promise<boolean>;
  /** Tells that a replica is there for the next `forMs`; all that are. Rejects with {@link StoreAway}. */
  announce(replica: Replica, forMs: number): Promise<readonly Replica[]>;
  /** All replicas that are there. Rejects with {@link StoreAway}. */
  replicas(): Promise<readonly Replica[]>;
  /** Tells that a replica is there no longer. Rejects with {@link StoreAway}. */
  leave(id: string): Promise<void>;
  /** A table that all replicas hold, by its name. */
  table(name: string): StoredTable;
  close(): Promise<void>;
}

/** The store did not answer, or not in time. What was asked may have been done. */
export class StoreAway extends Error {
  constructor(cause: unknown) {
    super('the state store is away', { cause });
    this.name = 'StoreAway';
  }
}

const RETRY_AFTER_MS = 1000;

/** The refusal of a request that is to be counted with all replicas, while the store is away. */
export const stateUnavailable = (): GatewayError =>
  // Without its cause: that is told once, by the store.
  new GatewayError('state_unavailable', 'what all gateways count cannot be counted now', {
    status: 503,
    rpcCode: RPC.limited,
    retryAfterMs: RETRY_AFTER_MS,
    data: { retryAfterMs: RETRY_AFTER_MS },
  });

/** The answer of the store, or what `onUnavailable` says: what `local` finds, or the refusal of the request. */
export const orLocal = async <T>(store: StateStore, asked: Promise<T>, local: () => T): Promise<T> => {
  try {
    return await asked;
  } catch (thrown) {
    if (!(thrown instanceof StoreAway)) throw thrown;
    if (store.onUnavailable === 'local') return local();
    throw stateUnavailable();
  }
};

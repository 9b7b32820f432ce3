/** Counts a request on several limits: on all of them, or, where one refuses it, on none. */
import type { CountingLimitNode } from '../../schema/graph/limit.ts';
import { monotonicMs } from '../state/monotonic.ts';
import { orLocal, type StateStore } from '../state/state-store.ts';
import type { CountVerdict, LocalCounter } from './counter.ts';
import type { SeenKeys } from './seen-keys.ts';

/** Counts together with other replicas. */
export interface ReplicaCounter {
  readonly store: StateStore;
  /** Counts while the store is away, if that is what its configuration says. */
  readonly local: LocalCounter;
  /** What the store says, for those who ask how full limits are. */
  readonly seen: SeenKeys;
}

export type Counter = LocalCounter | ReplicaCounter;

/** What a request takes of one limit. */
export interface Counted {
  readonly node: CountingLimitNode;
  readonly counter: Counter;
  readonly key: string;
  readonly cost: number;
}

interface Named {
  readonly node: { readonly name: string };
}

/** The order in which what is counted by several limits is held, everywhere, so that no two wait for each other. */
export const inOrder = (a: Named, b: Named): number =>
  a.node.name < b.node.name ? -1 : Number(a.node.name > b.node.name);

/**
 * What each limit says of the request, in their order; at least one is given. A promise only where a store is shared
 * with other replicas; it rejects with a GatewayError where that cannot be asked, and must be.
 */
export const countAll = (
  limits: readonly Counted[],
  nowMs: number,
): readonly CountVerdict[] | Promise<readonly CountVerdict[]> => {
  const { store } = limits[0]!.counter;
  return store === undefined
    ? countHere(limits, nowMs)
    : orLocal(store, countThere(store, limits), () => countHere(limits, nowMs));
};

const countThere = async (
  store: StateStore,
  limits: readonly Counted[],
): Promise<readonly CountVerdict[]> => {
  const askedMs = monotonicMs();
  const verdicts = await store.count(limits);
  for (const [at, { node, counter, key }] of limits.entries())
    if (counter.store !== undefined) counter.seen.see(node, key, verdicts[at]!, askedMs);
  return verdicts;
};

const countHere = (limits: readonly Counted[], nowMs: number): readonly CountVerdict[] => {
  if (limits.length === 1) {
    const [{ counter, key, cost }] = limits as readonly [Counted];
    return [localOf(counter).take(key, nowMs, cost)];
  }
  const locks = limits.toSorted(inOrder).map(({ counter }) => localOf(counter).lock);
  for (const lock of locks) lock?.acquire();
  try {
    const foreseen = limits.map(({ counter, key, cost }) => localOf(counter).peek(key, nowMs, cost));
    return foreseen.every(({ allowed }) => allowed) ? takeAll(limits, nowMs) : foreseen;
  } finally {
    for (const lock of locks) lock?.release();
  }
};

const takeAll = (limits: readonly Counted[], nowMs: number): readonly CountVerdict[] =>
  limits.map(({ counter, key, cost }) => localOf(counter).take(key, nowMs, cost));

const localOf = (counter: Counter): LocalCounter => (counter.store === undefined ? counter : counter.local);

/** A limit that replicas count together, in a store. */
import type { CountingLimitNode } from '../../schema/graph/limit.ts';
import { orLocal, type StateStore } from '../state/state-store.ts';
import type { LocalCounter, ReplicaCounter } from './counter.ts';

/** `local` counts while the store is away, if that is what its configuration says. */
export const createReplicaCounter = (
  node: CountingLimitNode,
  store: StateStore,
  local: LocalCounter,
): ReplicaCounter => ({
  take: (key, nowMs, cost = 1) =>
    orLocal(
      store,
      node.type === 'rate' ? store.countRate(node, key, cost) : store.countQuota(node, key, cost),
      () => local.take(key, nowMs, cost),
    ),
});

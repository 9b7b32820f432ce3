/** A rate limit that replicas count together, in a store. */
import type { RateLimitNode } from '../../schema/graph/limit.ts';
import { orLocal, type StateStore } from '../state/state-store.ts';
import type { RateVerdict } from './gcra.ts';
import type { RateLimiter } from './rate.ts';

/** What counts requests, here or elsewhere. */
export interface RateCounter {
  /** As {@link RateLimiter.take}; a promise where others have to be asked. */
  take(key: string, nowMs: number): RateVerdict | Promise<RateVerdict>;
}

/** `local` counts while the store is away, if that is what its configuration says. */
export const createReplicaRateCounter = (
  node: RateLimitNode,
  store: StateStore,
  local: RateLimiter,
): RateCounter => ({
  take: (key, nowMs) => orLocal(store, store.countRate(node, key), () => local.take(key, nowMs)),
});

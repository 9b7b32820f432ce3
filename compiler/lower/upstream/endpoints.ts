/** Where an upstream is, and how one of several places is chosen. */
import type { EndpointsNode, HealthNode } from '../../../schema/graph/upstream.ts';
import type { GatewayData } from '../../configuration.ts';
import { given, toMs } from '../measure.ts';

type Balanced = Extract<GatewayData['upstreams'][string], { type: 'http' | 'openapi' }>;

/** What is assumed of several endpoints where nothing is said. */
const HEALTH: HealthNode = { everyMs: 10_000, unhealthyAfter: 3 };

const lowerHealth = (health: NonNullable<Balanced['health']>): HealthNode => ({
  everyMs: toMs(health.every!),
  unhealthyAfter: health.unhealthyAfter!,
  ...given('path', 'path' in health ? health.path : undefined),
});

export const lowerEndpoints = (
  { balance, health }: Pick<Balanced, 'balance' | 'health'>,
  endpoints: readonly string[],
): EndpointsNode => {
  const isChoice = endpoints.length > 1;
  return {
    endpoints: [...endpoints],
    ...given('balance', isChoice ? (balance ?? 'failover') : undefined),
    ...given('health', health === undefined ? (isChoice ? HEALTH : undefined) : lowerHealth(health)),
  };
};

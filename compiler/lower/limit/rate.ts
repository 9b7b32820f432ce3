/** `rate`: count and period; `burst` defaults to the count. */
import type { RateLimitNode } from '../../../schema/graph/limit.ts';
import { ratePerPeriod } from '../../../schema/unit.ts';
import type { GatewayData } from '../../configuration.ts';
import { given } from '../measure.ts';

type RateData = Extract<GatewayData['limits'][string], { type: 'rate' }>;

export const lowerRateLimit = (limit: RateData, name: string): RateLimitNode => {
  const { count, periodMs } = ratePerPeriod(limit.rate)!;
  return {
    kind: 'limit',
    type: 'rate',
    name,
    count,
    periodMs,
    burst: limit.burst ?? count,
    key: limit.key!,
    ...given('tools', limit.tools),
    ...given('cost', limit.cost),
  };
};

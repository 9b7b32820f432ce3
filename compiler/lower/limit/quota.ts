/** `quota`: count and window. */
import type { QuotaLimitNode } from '../../../schema/graph/limit.ts';
import { quotaPerWindow } from '../../../schema/unit.ts';
import type { GatewayData } from '../../configuration.ts';
import { given } from '../measure.ts';

type QuotaData = Extract<GatewayData['limits'][string], { type: 'quota' }>;

export const lowerQuotaLimit = (limit: QuotaData, name: string): QuotaLimitNode => {
  const { count, windowMs } = quotaPerWindow(limit.quota)!;
  return {
    kind: 'limit',
    type: 'quota',
    name,
    count,
    windowMs,
    key: limit.key!,
    ...given('tools', limit.tools),
    ...given('cost', limit.cost),
  };
};

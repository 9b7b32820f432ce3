/** What requests cost can be paid, and is asked for. */
import { quotaPerWindow, ratePerPeriod } from '../../schema/unit.ts';
import { type GatewayData, keyAt, placeAt } from '../configuration.ts';
import type { Check } from './check.ts';

type LimitData = GatewayData['limits'][string];

/** What a limit has when nothing was taken of it; undefined where it counts nothing, or is not known. */
const mostOf = (limit: LimitData): number | undefined => {
  if (limit.type === 'rate') return limit.burst ?? ratePerPeriod(String(limit.rate))?.count;
  return limit.type === 'quota' ? quotaPerWindow(String(limit.quota))?.count : undefined;
};

export const checkCosts: Check = (config, report) => {
  for (const [name, limit] of Object.entries(config.data.limits)) {
    const most = mostOf(limit);
    if (most === undefined || !('cost' in limit)) continue;
    for (const [method, cost] of Object.entries(limit.cost ?? {})) {
      if (cost > most)
        report('GW3171', placeAt(config, 'limits', name, 'cost', method), {
          limit: name,
          method,
          cost,
          most,
        });
      else if (limit.tools !== undefined && method !== 'tools/call' && method !== '*')
        report('GW3172', keyAt(config, 'limits', name, 'cost', method), { limit: name, method });
    }
  }
};

/** A breaker needs a condition that opens it. */
import { isWritten, keyAt } from '../configuration.ts';
import type { Check } from './check.ts';

export const checkBreakers: Check = (config, report) => {
  for (const [name, { breaker }] of Object.entries(config.data.upstreams)) {
    if (!breaker) continue;
    const has = (key: string) => isWritten(config, 'upstreams', name, 'breaker', key);
    if (!has('consecutive') && !has('errorRate')) {
      report('GW3047', keyAt(config, 'upstreams', name, 'breaker'), { name });
    }
  }
};

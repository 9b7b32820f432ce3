/** A choice needs something to choose from. */
import { isWritten, keyAt } from '../configuration.ts';
import type { Check } from './check.ts';

export const checkEndpoints: Check = (config, report) => {
  for (const [name, upstream] of Object.entries(config.data.upstreams)) {
    if (upstream.type !== 'http' || upstream.endpoints.length > 1 || upstream.balance === undefined) continue;
    if (!isWritten(config, 'upstreams', name, 'balance')) continue;
    report('GW3185', keyAt(config, 'upstreams', name, 'balance'), { name, balance: upstream.balance });
  }
};

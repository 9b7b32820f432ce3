/** A choice needs something to choose from, and an API is named in one way. */
import { isWritten, keyAt } from '../configuration.ts';
import type { Check } from './check.ts';

export const checkEndpoints: Check = (config, report) => {
  for (const [name, upstream] of Object.entries(config.data.upstreams)) {
    if (upstream.type === 'stdio') continue;
    if (upstream.type === 'openapi' && upstream.baseUrl !== undefined && upstream.endpoints !== undefined)
      report('GW3212', keyAt(config, 'upstreams', name, 'baseUrl'), { name });
    if ((upstream.endpoints?.length ?? 1) > 1 || upstream.balance === undefined) continue;
    if (!isWritten(config, 'upstreams', name, 'balance')) continue;
    report('GW3185', keyAt(config, 'upstreams', name, 'balance'), { name, balance: upstream.balance });
  }
};

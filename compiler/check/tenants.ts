/** Limits of tenants are of a kind that can be counted apart. */
import { placeAt } from '../configuration.ts';
import type { Check } from './check.ts';

export const checkTenants: Check = (config, report) => {
  for (const [tenant, { limits = [] }] of Object.entries(config.data.tenants)) {
    for (const [index, limit] of limits.entries()) {
      if (config.data.limits[limit]?.type !== 'bounds') continue;
      report('GW2080', placeAt(config, 'tenants', tenant, 'limits', index), { tenant, limit });
    }
  }
};

/** GW4008: an address allowlist that allows every address. */
import { parseRange } from '../address.ts';
import type { Check } from '../check/check.ts';
import { placeAt } from '../configuration.ts';

export const judgeAddressAllowlists: Check = (config, report) => {
  for (const [listener, { ip }] of Object.entries(config.data.listeners)) {
    for (const [index, range] of (ip?.allow ?? []).entries()) {
      if (parseRange(range)?.prefix !== 0) continue;
      report('GW4008', placeAt(config, 'listeners', listener, 'ip', 'allow', index), { range });
    }
  }
};

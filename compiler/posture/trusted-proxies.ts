/** GW4009: ranges of trusted proxies that are wider than any set of proxies. */
import { parseRange } from '../address.ts';
import type { Check } from '../check/check.ts';
import { placeAt } from '../configuration.ts';

const LEAST_PREFIX = { ipv4: 16, ipv6: 48 } as const;

export const judgeTrustedProxies: Check = (config, report) => {
  for (const [listener, { trustedProxies }] of Object.entries(config.data.listeners)) {
    for (const [index, range] of (trustedProxies ?? []).entries()) {
      const parsed = parseRange(range);
      const least = parsed && LEAST_PREFIX[parsed.family];
      if (!parsed || least === undefined || parsed.prefix >= least) continue;
      const place = placeAt(config, 'listeners', listener, 'trustedProxies', index);
      report('GW4009', place, { range, prefix: parsed.prefix, least });
    }
  }
};

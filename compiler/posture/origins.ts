/** GW4003: an Origin allowlist that allows every page. */
import type { Check } from '../check/check.ts';
import { placeAt } from '../configuration.ts';

export const judgeOrigins: Check = (config, report) => {
  for (const [listener, { origins }] of Object.entries(config.data.listeners)) {
    for (const [index, origin] of (origins ?? []).entries()) {
      if (origin !== '*') continue;
      report('GW4003', placeAt(config, 'listeners', listener, 'origins', index), { listener });
    }
  }
};

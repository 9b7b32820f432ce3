/** What nobody can reach: exposures of nothing, transports without a revision, ranges that are denied anyway. */
import { parseRange, rangeHas } from '../address.ts';
import { keyAt, placeAt } from '../configuration.ts';
import type { Check } from './check.ts';

const LEGACY = /^2025-/;

export const checkEmptyExposures: Check = (config, report) => {
  for (const [server, { expose, features }] of Object.entries(config.data.servers)) {
    for (const [index, exposure] of expose.entries()) {
      const kinds = (['tools', 'prompts', 'resources'] as const).filter(
        (kind) => exposure[kind] !== false && features![kind],
      );
      if (kinds.length > 0 || Object.keys(exposure.extensions ?? {}).length > 0) continue;
      const place = placeAt(config, 'servers', server, 'expose', index, 'upstream');
      report('GW2035', place, { upstream: exposure.upstream, server });
    }
  }
};

export const checkWebSockets: Check = (config, report) => {
  for (const [server, { protocol }] of Object.entries(config.data.servers)) {
    if (!protocol!.websocket || protocol!.versions!.some((version) => LEGACY.test(version))) continue;
    report('GW2034', keyAt(config, 'servers', server, 'protocol', 'websocket'), { server });
  }
};

export const checkDeniedRanges: Check = (config, report) => {
  for (const [listener, { ip }] of Object.entries(config.data.listeners)) {
    for (const [index, range] of (ip!.allow ?? []).entries()) {
      const allowed = parseRange(range)!;
      const by = ip!.deny!.findIndex((denied) => rangeHas(parseRange(denied)!, allowed));
      if (by < 0) continue;
      const place = placeAt(config, 'listeners', listener, 'ip', 'allow', index);
      const labels = [
        { place: placeAt(config, 'listeners', listener, 'ip', 'deny', by), text: 'denies all of it' },
      ];
      report('GW2033', place, { range }, { labels });
    }
  }
};

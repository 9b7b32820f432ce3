/** What callers call a listener must be known: its `url` is an origin, and a wildcard address is none. */
import { ASKED_BY_ADDRESS } from '../../schema/graph/listener.ts';
import { parseBind } from '../address.ts';
import { isWritten, placeAt } from '../configuration.ts';
import type { Check } from './check.ts';

export const checkListenerUrls: Check = (config, report) => {
  for (const [name, { bind, url, hosts, serve }] of Object.entries(config.data.listeners)) {
    if (url !== undefined && new URL(url).href !== `${new URL(url).origin}/`) {
      const place = placeAt(config, 'listeners', name, 'url');
      const origin = new URL(url).origin;
      report('GW3054', place, { url, origin }, { fixes: [{ place, text: origin, applicability: 'maybe' }] });
    }
    const parsed = parseBind(bind)!;
    const isWildcard = parsed.type === 'tcp' && (parsed.host === '0.0.0.0' || parsed.host === '::');
    const isNamed = ['url', 'hosts'].some((key) => isWritten(config, 'listeners', name, key));
    const byName = serve?.filter((service) => !ASKED_BY_ADDRESS.includes(service));
    if (isWildcard && !isNamed && hosts === undefined && byName?.length !== 0) {
      report('GW3044', placeAt(config, 'listeners', name, 'bind'), { name, bind, services: byName ?? [] });
    }
  }
};

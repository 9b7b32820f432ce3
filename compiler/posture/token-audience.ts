/** GW4002: tokens whose audience is the URL of a server, where that URL is none that anybody would ask one for. */
import type { Check } from '../check/check.ts';
import { isSound, isWritten, keyAt, placeAt } from '../configuration.ts';

const WILDCARD = /^(?:0\.0\.0\.0|\[::\]):/;

export const judgeTokenAudiences: Check = (config, report) => {
  for (const [server, { at, identity }] of Object.entries(config.data.servers)) {
    const nameless = at.find(
      ({ listener }) =>
        isSound(config, 'listeners', listener) &&
        WILDCARD.test(config.data.listeners[listener]?.bind ?? '') &&
        !isWritten(config, 'listeners', listener, 'url') &&
        // Without either it is told of the listener itself.
        isWritten(config, 'listeners', listener, 'hosts'),
    );
    if (!nameless) continue;
    for (const name of identity ?? []) {
      const node = Object.hasOwn(config.data.identity, name) ? config.data.identity[name] : undefined;
      if (node?.type !== 'jwt' || isWritten(config, 'identity', name, 'audience')) continue;
      const { listener } = nameless;
      const labels = [
        { place: placeAt(config, 'listeners', listener, 'bind'), text: 'this address is no name' },
      ];
      report('GW4002', keyAt(config, 'identity', name), { identity: name, server, listener }, { labels });
    }
  }
};

/** Two listeners cannot have one address. A wildcard takes its port on every address. */
import { bindsOverlap, isWildcardHost, type ParsedBind, parseBind } from '../address.ts';
import { placeAt } from '../configuration.ts';
import type { Check } from './check.ts';

export const checkListenerAddresses: Check = (config, report) => {
  const bound: { readonly name: string; readonly bind: ParsedBind }[] = [];
  for (const [name, listener] of Object.entries(config.data.listeners)) {
    const bind = parseBind(listener.bind)!;
    const clash = bound.find((other) => bindsOverlap(other.bind, bind));
    if (clash) {
      const isWide = bind.type === 'tcp' && isWildcardHost(bind.host);
      report(
        'GW2010',
        placeAt(config, 'listeners', name, 'bind'),
        { name, other: clash.name, address: listener.bind },
        {
          labels: [
            {
              place: placeAt(config, 'listeners', clash.name, 'bind'),
              text: isWide ? 'an address of the machine' : 'bound here',
            },
          ],
        },
      );
    }
    bound.push({ name, bind });
  }
};

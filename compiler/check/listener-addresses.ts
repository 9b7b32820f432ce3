/** Two listeners cannot have one address. A wildcard takes its port on every address. */
import { type ParsedBind, parseBind } from '../address.ts';
import { placeAt } from '../configuration.ts';
import type { Check } from './check.ts';

const WILDCARDS = ['0.0.0.0', '::'];
const LOCALHOST = ['127.0.0.1', '::1'];

const meet = (a: string, b: string): boolean => {
  if (a === b || a === '::' || b === '::') return true;
  if (a === '0.0.0.0') return !b.includes(':');
  if (b === '0.0.0.0') return !a.includes(':');
  return (a === 'localhost' && LOCALHOST.includes(b)) || (b === 'localhost' && LOCALHOST.includes(a));
};

const overlap = (a: ParsedBind, b: ParsedBind): boolean => {
  if (a.type === 'unix' || b.type === 'unix')
    return a.type === b.type && 'path' in a && 'path' in b && a.path === b.path;
  return a.port !== 0 && a.port === b.port && meet(a.host, b.host);
};

export const checkListenerAddresses: Check = (config, report) => {
  const bound: { readonly name: string; readonly bind: ParsedBind }[] = [];
  for (const [name, listener] of Object.entries(config.data.listeners)) {
    const bind = parseBind(listener.bind)!;
    const clash = bound.find((other) => overlap(other.bind, bind));
    if (clash) {
      const isWide = bind.type === 'tcp' && WILDCARDS.includes(bind.host);
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

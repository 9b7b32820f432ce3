/** GW4001: a server for anybody on a listener that others can reach. */
import type { Check } from '../check/check.ts';
import { keyAt, placeAt } from '../configuration.ts';
import { isBeyondLoopback } from './reach.ts';

export const judgeAnonymousServers: Check = (config, report) => {
  for (const [server, { anonymous, at }] of Object.entries(config.data.servers)) {
    if (!anonymous) continue;
    const open = at.find(({ listener }) => {
      const node = Object.hasOwn(config.data.listeners, listener)
        ? config.data.listeners[listener]
        : undefined;
      return node !== undefined && isBeyondLoopback(node);
    });
    if (!open) continue;
    const { bind } = config.data.listeners[open.listener]!;
    const labels = [
      { place: placeAt(config, 'listeners', open.listener, 'bind'), text: 'reachable from the network' },
    ];
    report(
      'GW4001',
      keyAt(config, 'servers', server, 'anonymous'),
      { server, listener: open.listener, bind },
      { labels },
    );
  }
};

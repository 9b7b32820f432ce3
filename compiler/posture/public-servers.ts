/** GW4011 and GW4013: what a server that the network reaches leaves to its callers and upstreams. */
import { isReference } from '../../schema/graph/graph.ts';
import { isLoopbackHost } from '../address.ts';
import type { Check } from '../check/check.ts';
import { type Configuration, type GatewayData, isSound, keyAt, placeAt } from '../configuration.ts';
import { isBeyondLoopback } from './reach.ts';

type Server = GatewayData['servers'][string];

/** Servers that are sound, and that other machines can reach. */
const publicServers = (config: Configuration): readonly (readonly [name: string, server: Server])[] =>
  Object.entries(config.data.servers).filter(
    ([name, { at }]) =>
      isSound(config, 'servers', name) &&
      at.some(({ listener }) => {
        const node = Object.hasOwn(config.data.listeners, listener)
          ? config.data.listeners[listener]
          : undefined;
        return node !== undefined && isBeyondLoopback(node);
      }),
  );

const PRIVATE =
  /^(?:10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|169\.254\.|\[f[cd]|\[fe80)|\.(?:internal|local|localdomain|lan|svc|cluster\.local|home\.arpa)$|^[^.]+$/i;

/** Whether an upstream is run by somebody else, as far as its address tells. */
const isExternal = (upstream: GatewayData['upstreams'][string] | undefined): boolean =>
  (upstream?.type === 'http' ? upstream.endpoints : []).some((endpoint) => {
    if (isReference(endpoint) || !URL.canParse(endpoint)) return false;
    const { hostname } = new URL(endpoint);
    return !isLoopbackHost(hostname) && !PRIVATE.test(hostname);
  });

const isPinned = (upstream: object): boolean =>
  'trust' in upstream && (upstream.trust as { tools?: string } | undefined)?.tools === 'pinned';

export const judgeWideExposures: Check = (config, report) => {
  for (const [server, { anonymous, expose, policies }] of publicServers(config)) {
    // That anybody may call it is told of the server itself.
    if (anonymous || policies!.length > 0) continue;
    for (const [index, { upstream: name, tools }] of expose.entries()) {
      const upstream = Object.hasOwn(config.data.upstreams, name) ? config.data.upstreams[name] : undefined;
      const isWide = tools !== false && (tools?.allow ?? ['*']).some((glob) => /^\*+$/.test(glob));
      if (!isWide || !upstream || !isExternal(upstream) || isPinned(upstream)) continue;
      const place = placeAt(config, 'servers', server, 'expose', index, 'upstream');
      report('GW4011', place, { server, upstream: name });
    }
  }
};

const rateLimitOf = (config: Configuration, { limits }: Server): string | undefined =>
  limits!.find((name) => config.data.limits[name]?.type === 'rate');

/** Where nobody limits rates, something in front may; where others are limited, this one was forgotten. */
export const judgeUnlimitedServers: Check = (config, report) => {
  const servers = publicServers(config);
  const example = servers
    .map(([, server]) => rateLimitOf(config, server))
    .find((limit) => limit !== undefined);
  if (example === undefined) return;
  for (const [name, server] of servers) {
    if (rateLimitOf(config, server) !== undefined) continue;
    report('GW4013', keyAt(config, 'servers', name), { server: name, example });
  }
};

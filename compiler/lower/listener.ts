/** Listeners: addresses canonical, Host and Origin allowlists complete, headers final. */
import { DEFAULT_HANDSHAKES, DEFAULT_JSON } from '../../schema/config/listener.ts';
import type { ListenerNode } from '../../schema/graph/listener.ts';
import { ratePerPeriod } from '../../schema/unit.ts';
import { isLoopbackHost, type ParsedBind, parseBind, parseRange } from '../address.ts';
import { type Configuration, type GatewayData, isWritten } from '../configuration.ts';
import { pathsAt } from '../place-paths.ts';
import { lowerDocuments } from './documents.ts';
import { given, toBytes, toMs } from './measure.ts';
import { lowerResponseHeaders } from './response-headers.ts';

type ListenerData = GatewayData['listeners'][string];

const LOOPBACK_HOSTS = ['localhost', '127.0.0.1', '[::1]'];

const bracketed = (host: string): string => (host.includes(':') ? `[${host}]` : host);

/** Whether only this machine can connect. */
export const isLoopbackBind = (bind: ParsedBind): boolean =>
  bind.type === 'unix' || isLoopbackHost(bind.host);

/** The origin under which callers reach a listener; empty if the port is not known yet. */
export const listenerUrl = ({ url, tls }: ListenerData, bind: ParsedBind): string => {
  if (url !== undefined) return new URL(url).origin;
  const scheme = tls ? 'https' : 'http';
  if (bind.type === 'unix') return `${scheme}://localhost`;
  return bind.port === 0 ? '' : new URL(`${scheme}://${bracketed(bind.host)}:${bind.port}`).origin;
};

/** A field, unless it has the value that its absence means. */
const unlessUsual = <K extends string, V>(key: K, value: V, usual: V): { [P in K]?: V } =>
  given(key, value === usual ? undefined : value);

const unique = (values: readonly string[]): readonly string[] => [...new Set(values)];

const allowedHosts = ({ hosts }: ListenerData, bind: ParsedBind, url: string): readonly string[] => {
  if (hosts) return unique(hosts.map((host) => host.toLowerCase()));
  const own = url === '' ? [] : [new URL(url).hostname];
  return unique([...(isLoopbackBind(bind) ? LOOPBACK_HOSTS : []), ...own]);
};

const allowedOrigins = ({ origins }: ListenerData, bind: ParsedBind, url: string): readonly string[] => {
  if (origins) return unique(origins.map((origin) => (origin === '*' ? origin : new URL(origin).origin)));
  const loopback = ['http', 'https'].flatMap((scheme) => LOOPBACK_HOSTS.map((host) => `${scheme}://${host}`));
  return unique([...(isLoopbackBind(bind) ? loopback : []), ...(url === '' ? [] : [url])]);
};

const ranges = (texts: readonly string[]): readonly string[] =>
  unique(texts.map((text) => parseRange(text)!.canonical)).toSorted();

const routesOf = (data: GatewayData, listener: string): ListenerNode['routes'] =>
  Object.entries(data.servers)
    .flatMap(([server, { at, protocol }]) =>
      at
        .filter((place) => place.listener === listener)
        .flatMap(({ path: endpoint }) =>
          pathsAt(endpoint!, protocol!).map((each) => ({ ...each, server, endpoint: endpoint! })),
        ),
    )
    .sort((a, b) => (a.path < b.path ? -1 : 1));

export const lowerListener = (config: Configuration, name: string): ListenerNode => {
  const listener = config.data.listeners[name]!;
  const bind = parseBind(listener.bind)!;
  const url = listenerUrl(listener, bind);
  const { connections, sizes, ip } = listener;
  return {
    kind: 'listener',
    name,
    bind,
    url,
    http: listener.http!,
    ...given('tls', listener.tls && { ...listener.tls, minVersion: listener.tls.minVersion! }),
    hosts: allowedHosts(listener, bind, url),
    origins: allowedOrigins(listener, bind, url),
    trustedProxies: ranges(listener.trustedProxies!),
    ip: { ...given('allow', ip!.allow && ranges(ip!.allow)), deny: ranges(ip!.deny!) },
    headers: lowerResponseHeaders(
      listener.headers!,
      (option) => isWritten(config, 'listeners', name, 'headers', option),
      listener.tls !== undefined || url.startsWith('https:'),
    ),
    sizes: {
      bodyBytes: toBytes(sizes!.body!),
      headerBytes: toBytes(sizes!.headers!),
      jsonDepth: sizes!.json!.depth!,
      ...unlessUsual('jsonItems', sizes!.json!.items!, DEFAULT_JSON.items),
      ...unlessUsual('jsonLength', sizes!.json!.length!, DEFAULT_JSON.length),
    },
    connections: {
      max: connections!.max!,
      maxPerAddress: connections!.perAddress!,
      headerTimeoutMs: toMs(connections!.headerTimeout!),
      bodyTimeoutMs: toMs(connections!.bodyTimeout!),
      idleTimeoutMs: toMs(connections!.idleTimeout!),
      ...(connections!.handshakes === DEFAULT_HANDSHAKES
        ? {}
        : { handshakes: ratePerPeriod(connections!.handshakes!)! }),
    },
    documents: lowerDocuments(listener.wellKnown),
    serve: listener.serve ?? [],
    identities: listener.identity ?? [],
    routes: routesOf(config.data, name),
  };
};

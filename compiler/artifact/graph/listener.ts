/** Listeners of a graph that is read. */
import type { BindAddress, ListenerNode, RouteNode } from '../../../schema/graph/listener.ts';
import { byType, fields, list, literal, number, oneOf, optional, pair, record, text } from '../shape.ts';

type BindOf<T extends BindAddress['type']> = Extract<BindAddress, { readonly type: T }>;

export const bindShape = byType<BindAddress>({
  tcp: fields<BindOf<'tcp'>>({ type: oneOf('tcp'), host: literal, port: number }),
  unix: fields<BindOf<'unix'>>({ type: oneOf('unix'), path: literal }),
});

const route = fields<RouteNode>({
  path: literal,
  server: literal,
  speaks: oneOf('mcp', 'event-stream', 'messages', 'websocket'),
  endpoint: literal,
});

export const listenerShape = fields<ListenerNode>({
  kind: oneOf('listener'),
  name: literal,
  bind: bindShape,
  url: literal,
  http: list(oneOf('http/1.1', 'h2')),
  tls: optional(
    fields<NonNullable<ListenerNode['tls']>>({
      certificate: text,
      key: text,
      minVersion: oneOf('1.2', '1.3'),
    }),
  ),
  hosts: list(literal),
  origins: list(literal),
  trustedProxies: list(literal),
  ip: fields<ListenerNode['ip']>({ allow: optional(list(literal)), deny: list(literal) }),
  headers: list(pair(literal, text)),
  sizes: fields<ListenerNode['sizes']>({
    bodyBytes: number,
    headerBytes: number,
    jsonDepth: number,
    jsonItems: optional(number),
    jsonLength: optional(number),
  }),
  connections: fields<ListenerNode['connections']>({
    max: number,
    maxPerAddress: number,
    headerTimeoutMs: number,
    bodyTimeoutMs: number,
    idleTimeoutMs: number,
    handshakes: optional(
      fields<NonNullable<ListenerNode['connections']['handshakes']>>({ count: number, periodMs: number }),
    ),
  }),
  documents: record(literal),
  serve: list(oneOf('health', 'metrics', 'status', 'reload', 'revoke')),
  identities: list(literal),
  routes: list(route),
});

/** A listener as gateway.yaml says it. Its routes are said by servers. */
import { DEFAULT_HANDSHAKES, DEFAULT_JSON } from '../../../schema/config/listener.ts';
import type { BindAddress, ListenerNode } from '../../../schema/graph/listener.ts';
import { rateText } from '../../../schema/unit.ts';
import { duration, map, plain, secret, sequence, set, size, type WrittenMap } from '../written.ts';
import { writeResponseHeaders } from './response-headers.ts';

/** As in `bind`. */
export const bindText = (bind: BindAddress): string => {
  if (bind.type === 'unix') return `unix:${bind.path}`;
  return `${bind.host.includes(':') ? `[${bind.host}]` : bind.host}:${bind.port}`;
};

const writeDocuments = (documents: ListenerNode['documents']): WrittenMap | undefined => {
  const security = documents['/.well-known/security.txt'];
  const robots = documents['/robots.txt'];
  if (security === undefined && robots === undefined) return undefined;
  return map({
    securityTxt:
      security === undefined
        ? undefined
        : map({
            contact: plain(/^Contact: (.*)$/m.exec(security)?.[1]),
            expires: plain(/^Expires: (.{10})/m.exec(security)?.[1]),
          }),
    robotsTxt: plain(robots && (robots.includes('Disallow') ? 'deny' : 'allow')),
  });
};

const handshakesText = (handshakes: ListenerNode['connections']['handshakes']): string =>
  handshakes === undefined ? DEFAULT_HANDSHAKES : rateText(handshakes.count, handshakes.periodMs);

export const writeListener = (node: ListenerNode): WrittenMap => {
  const { tls, ip, sizes, connections } = node;
  return map({
    bind: plain(bindText(node.bind)),
    url: plain(node.url === '' ? undefined : node.url),
    http: set(node.http),
    tls:
      tls &&
      map({
        certificate: secret(tls.certificate),
        key: secret(tls.key),
        minVersion: plain(tls.minVersion),
      }),
    hosts: set(node.hosts),
    origins: set(node.origins),
    trustedProxies: set(node.trustedProxies),
    ip: map({ allow: ip.allow && set(ip.allow), deny: set(ip.deny) }),
    headers: writeResponseHeaders(node.headers),
    sizes: map({
      body: size(sizes.bodyBytes),
      headers: size(sizes.headerBytes),
      json: map({
        depth: plain(sizes.jsonDepth),
        items: plain(sizes.jsonItems ?? DEFAULT_JSON.items),
        length: plain(sizes.jsonLength ?? DEFAULT_JSON.length),
      }),
    }),
    connections: map({
      max: plain(connections.max),
      perAddress: plain(connections.maxPerAddress),
      headerTimeout: duration(connections.headerTimeoutMs),
      bodyTimeout: duration(connections.bodyTimeoutMs),
      idleTimeout: duration(connections.idleTimeoutMs),
      handshakes: plain(handshakesText(connections.handshakes)),
    }),
    wellKnown: writeDocuments(node.documents),
    serve: set(node.serve),
    identity: sequence(node.identities),
  });
};

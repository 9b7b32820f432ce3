/** `http` as gateway.yaml says it. */
import { DEFAULT_WAITING } from '../../../../schema/config/upstream/traffic.ts';
import type { HttpUpstreamNode } from '../../../../schema/graph/upstream.ts';
import { map, plain, secret, type WrittenMap } from '../../written.ts';
import { writeEndpoints } from './endpoints.ts';
import { writeHeaders } from './headers.ts';
import { writeTraffic } from './traffic.ts';

export const writeHttpUpstream = (node: HttpUpstreamNode): WrittenMap =>
  map({
    type: plain(node.type),
    ...writeEndpoints(node),
    protocol: map({ era: plain(node.era) }),
    credentials:
      node.bearerToken === undefined
        ? undefined
        : map({ type: plain('bearer'), token: secret(node.bearerToken) }),
    headers: writeHeaders(node.headers),
    tls: map({ ca: secret(node.tls.ca) }),
    connections: plain(node.connections),
    waiting: plain(node.waiting ?? DEFAULT_WAITING),
    ...writeTraffic(node),
  });

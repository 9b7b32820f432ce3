/** `http`: endpoints, era and headers by lower-case name. */
import { DEFAULT_WAITING } from '../../../schema/config/upstream/traffic.ts';
import type { HttpUpstreamNode } from '../../../schema/graph/upstream.ts';
import type { GatewayData } from '../../configuration.ts';
import { given } from '../measure.ts';
import { lowerEndpoints } from './endpoints.ts';
import { lowerHeaders } from './headers.ts';
import { lowerTraffic } from './traffic.ts';

type HttpData = Extract<GatewayData['upstreams'][string], { type: 'http' }>;

export const lowerHttpUpstream = (upstream: HttpData, name: string): HttpUpstreamNode => ({
  kind: 'upstream',
  type: 'http',
  name,
  ...lowerEndpoints(upstream, upstream.endpoints),
  era: upstream.protocol?.era ?? 'match-client',
  ...given('bearerToken', upstream.credentials?.token),
  headers: lowerHeaders(upstream.headers!),
  tls: given('ca', upstream.tls!.ca),
  connections: upstream.connections!,
  ...given('waiting', upstream.waiting === DEFAULT_WAITING ? undefined : upstream.waiting),
  ...lowerTraffic(upstream),
});

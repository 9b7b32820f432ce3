/** `http`: one endpoint, headers by lower-case name. */
import type { HttpUpstreamNode } from '../../../schema/graph/upstream.ts';
import type { GatewayData } from '../../configuration.ts';
import { given } from '../measure.ts';
import { lowerTraffic } from './traffic.ts';

type HttpData = Extract<GatewayData['upstreams'][string], { type: 'http' }>;

const lowerCaseKeys = (record: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name.toLowerCase(), value]));

export const lowerHttpUpstream = (upstream: HttpData, name: string): HttpUpstreamNode => ({
  kind: 'upstream',
  type: 'http',
  name,
  endpoint: upstream.endpoints[0]!,
  era: upstream.protocol?.era ?? 'match-client',
  ...given('bearerToken', upstream.credentials?.token),
  headers: {
    forward: [...new Set(upstream.headers!.forward!.map((header) => header.toLowerCase()))].sort(),
    set: lowerCaseKeys(upstream.headers!.set ?? {}),
  },
  tls: given('ca', upstream.tls!.ca),
  connections: upstream.connections!,
  ...lowerTraffic(upstream),
});

/** `http`: endpoints and how one is chosen, headers by lower-case name. */
import type { HealthNode, HttpUpstreamNode } from '../../../schema/graph/upstream.ts';
import type { GatewayData } from '../../configuration.ts';
import { given, toMs } from '../measure.ts';
import { lowerHeaders } from './headers.ts';
import { lowerTraffic } from './traffic.ts';

type HttpData = Extract<GatewayData['upstreams'][string], { type: 'http' }>;

/** What is assumed of several endpoints where nothing is said. */
const HEALTH: HealthNode = { everyMs: 10_000, unhealthyAfter: 3 };

const lowerHealth = ({ endpoints, health }: HttpData): HealthNode | undefined => {
  if (health !== undefined) return { everyMs: toMs(health.every!), unhealthyAfter: health.unhealthyAfter! };
  return endpoints.length > 1 ? HEALTH : undefined;
};

export const lowerHttpUpstream = (upstream: HttpData, name: string): HttpUpstreamNode => ({
  kind: 'upstream',
  type: 'http',
  name,
  endpoints: [...upstream.endpoints],
  ...given('balance', upstream.endpoints.length > 1 ? (upstream.balance ?? 'failover') : undefined),
  ...given('health', lowerHealth(upstream)),
  era: upstream.protocol?.era ?? 'match-client',
  ...given('bearerToken', upstream.credentials?.token),
  headers: lowerHeaders(upstream.headers!),
  tls: given('ca', upstream.tls!.ca),
  connections: upstream.connections!,
  ...lowerTraffic(upstream),
});

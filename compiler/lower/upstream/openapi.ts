/** `openapi`: what its document says, and how the API is reached. */
import { DEFAULT_WAITING } from '../../../schema/config/upstream/traffic.ts';
import type { ApiCredentials, OpenApiUpstreamNode } from '../../../schema/graph/upstream.ts';
import type { GatewayData } from '../../configuration.ts';
import type { ApiSpec } from '../../input/openapi-file.ts';
import { given } from '../measure.ts';
import { lowerEndpoints } from './endpoints.ts';
import { lowerHeaders } from './headers.ts';
import { lowerTraffic } from './traffic.ts';

type OpenApiData = Extract<GatewayData['upstreams'][string], { type: 'openapi' }>;

const lowerCredentials = (credentials: OpenApiData['credentials']): ApiCredentials | undefined =>
  credentials?.type === 'api-key' && credentials.in === 'header'
    ? { ...credentials, name: credentials.name.toLowerCase() }
    : credentials;

export const lowerOpenApiUpstream = (
  upstream: OpenApiData,
  name: string,
  spec: ApiSpec,
): OpenApiUpstreamNode => {
  const { allow } = upstream.egress!;
  return {
    kind: 'upstream',
    type: 'openapi',
    name,
    info: spec.info,
    ...lowerEndpoints(upstream, spec.endpoints),
    operations: spec.operations,
    ...given('credentials', lowerCredentials(upstream.credentials)),
    headers: lowerHeaders(upstream.headers!),
    egress: {
      public: allow!.includes('public'),
      ranges: [...new Set(allow!.filter((range) => range !== 'public'))].sort(),
    },
    tls: given('ca', upstream.tls!.ca),
    connections: upstream.connections!,
    ...given('waiting', upstream.waiting === DEFAULT_WAITING ? undefined : upstream.waiting),
    ...lowerTraffic(upstream),
  };
};

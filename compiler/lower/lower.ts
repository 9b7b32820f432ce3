/** The configuration, known to be right, as the frozen graph. */
import { DEFAULT_SUBSCRIPTIONS } from '../../schema/config/reload.ts';
import type { Graph, ParkedNode, SubscriptionsNode } from '../../schema/graph/graph.ts';
import type { IdentityNode } from '../../schema/graph/identity.ts';
import type { LimitNode } from '../../schema/graph/limit.ts';
import type { PolicyNode } from '../../schema/graph/policy.ts';
import type { UpstreamNode } from '../../schema/graph/upstream.ts';
import type { Configuration, GatewayData } from '../configuration.ts';
import type { Inputs } from '../input/inputs.ts';
import { deepFreeze } from './deep-freeze.ts';
import { lowerApiKey } from './identity/api-key.ts';
import { lowerJwt } from './identity/jwt.ts';
import { lowerBoundsLimit } from './limit/bounds.ts';
import { lowerConcurrencyLimit } from './limit/concurrency.ts';
import { lowerQuotaLimit } from './limit/quota.ts';
import { lowerRateLimit } from './limit/rate.ts';
import { lowerListener } from './listener.ts';
import { given, toMs } from './measure.ts';
import { lowerPins } from './pins.ts';
import { lowerCelPolicy } from './policy/cel.ts';
import { lowerRbacPolicy } from './policy/rbac.ts';
import { lowerPressure } from './pressure.ts';
import { lowerServer } from './server.ts';
import { lowerState } from './state.ts';
import { lowerTenants } from './tenants.ts';
import { lowerHttpUpstream } from './upstream/http.ts';
import { lowerOpenApiUpstream } from './upstream/openapi.ts';
import { lowerStdioUpstream } from './upstream/stdio.ts';

const FORMAT_VERSION = 1;

const mapEntries = <V, N>(record: Readonly<Record<string, V>>, lower: (entry: V, name: string) => N) =>
  Object.fromEntries(
    Object.entries(record)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, entry]) => [name, lower(entry, name)]),
  );

const lowerIdentity = (entry: GatewayData['identity'][string], name: string, inputs: Inputs): IdentityNode =>
  entry.type === 'jwt' ? lowerJwt(entry, name, inputs) : lowerApiKey(name, inputs);

const lowerUpstream = (
  entry: GatewayData['upstreams'][string],
  name: string,
  inputs: Inputs,
): UpstreamNode => {
  switch (entry.type) {
    case 'http':
      return lowerHttpUpstream(entry, name);
    case 'stdio':
      return lowerStdioUpstream(entry, name);
    case 'openapi':
      return lowerOpenApiUpstream(entry, name, inputs.specs.get(name)!);
  }
};

const lowerPolicy = (entry: GatewayData['policies'][string], name: string): PolicyNode =>
  entry.type === 'cel' ? lowerCelPolicy(entry, name) : lowerRbacPolicy(entry, name);

const LIMITS = {
  rate: lowerRateLimit,
  quota: lowerQuotaLimit,
  concurrency: lowerConcurrencyLimit,
  bounds: lowerBoundsLimit,
} as const;

const lowerLimit = (entry: GatewayData['limits'][string], name: string): LimitNode =>
  LIMITS[entry.type](entry as never, name);

const lowerParked = (parked: NonNullable<GatewayData['sessions']['parked']>): ParkedNode => ({
  idleMs: toMs(parked.idle!),
  absoluteMs: toMs(parked.absolute!),
  max: parked.max!,
  maxPerPrincipal: parked.maxPerPrincipal!,
});

const lowerSubscriptions = ({
  max,
  maxPerPrincipal,
}: NonNullable<GatewayData['sessions']['subscriptions']>): SubscriptionsNode | undefined =>
  max === DEFAULT_SUBSCRIPTIONS.max && maxPerPrincipal === DEFAULT_SUBSCRIPTIONS.maxPerPrincipal
    ? undefined
    : { max: max!, maxPerPrincipal: maxPerPrincipal! };

/** The graph; only for a configuration without errors. */
export const lower = (config: Configuration, inputs: Inputs): Graph => {
  const { data } = config;
  const { sealing, sessions, reload, shutdown, telemetry } = data;
  return deepFreeze({
    formatVersion: FORMAT_VERSION,
    name: data.name,
    profile: data.profile,
    ...(data.workers === 1 ? {} : { workers: data.workers }),
    listeners: mapEntries(data.listeners, (_, name) => lowerListener(config, name)),
    identities: mapEntries(data.identity, (entry, name) => lowerIdentity(entry, name, inputs)),
    servers: mapEntries(data.servers, (entry, name) => lowerServer(entry, name, data.upstreams)),
    upstreams: mapEntries(data.upstreams, (entry, name) => lowerUpstream(entry, name, inputs)),
    ...given('pins', lowerPins(data, inputs.lock)),
    policies: mapEntries(data.policies, lowerPolicy),
    limits: mapEntries(data.limits, lowerLimit),
    ...given('tenants', lowerTenants(data.tenants)),
    telemetry: telemetry as Graph['telemetry'],
    sealing: { keys: sealing.keys! },
    ...given('state', lowerState(data.state)),
    sessions: {
      idleMs: toMs(sessions.idle!),
      absoluteMs: toMs(sessions.absolute!),
      max: sessions.max!,
      maxPerPrincipal: sessions.maxPerPrincipal!,
      parked: lowerParked(sessions.parked!),
      ...given('subscriptions', lowerSubscriptions(sessions.subscriptions!)),
    },
    ...given('pressure', lowerPressure(data.pressure)),
    reload: {
      watch: reload.watch!,
      drain: { windowMs: toMs(reload.drain!.window!), deadlineMs: toMs(reload.drain!.deadline!) },
      ...(reload.onPolicyChange === 'recheck' ? {} : { onPolicyChange: reload.onPolicyChange! }),
      maxGenerations: reload.maxGenerations!,
    },
    shutdown: { windowMs: toMs(shutdown.window!), deadlineMs: toMs(shutdown.deadline!) },
  });
};

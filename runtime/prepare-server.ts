/** From a server's node to what serves it: its exposures, policies, limits and views. */
import { preparePolicies } from '../policies/decide.ts';
import { prepareLabels } from '../policies/expose/labels.ts';
import { prepareExpose } from '../policies/expose/selection.ts';
import { cachedDecide } from '../policies/verdict-cache.ts';
import type { ServerNode } from '../schema/graph/server.ts';
import type { LiveUpstream } from './live-objects.ts';
import type { GatewayInfo } from './mcp/ask.ts';
import type { Exposure } from './mcp/exposure.ts';
import { extensionMethods } from './mcp/extension-method.ts';
import { Limits } from './mcp/limits.ts';
import { ModernViews } from './mcp/modern/modern-views.ts';
import type { Pin } from './mcp/pin.ts';
import { isModernVersion } from './mcp/revision.ts';
import type { PreparedServer, ServerPolicies } from './mcp/server.ts';
import { ToldLists } from './mcp/told-lists.ts';
import type { PrepareContext } from './prepare-context.ts';
import type { LoadedGraph } from './reload/reloader.ts';
import type { Closable, SharedObjects } from './reload/shared.ts';
import { concurrencyCountId } from './traffic/concurrency.ts';
import { quotaCountId } from './traffic/quota.ts';
import type { SharedBetweenThreads } from './workers/serving-thread.ts';

/** What a generation's servers are made from. */
export interface ServerParts {
  readonly context: PrepareContext;
  readonly loaded: LoadedGraph & SharedBetweenThreads;
  readonly info: GatewayInfo;
  /** Of the generation. */
  readonly upstreams: ReadonlyMap<string, LiveUpstream>;
  /** By upstream. */
  readonly pins: ReadonlyMap<string, Pin>;
  /** Takes a shared object for as long as the generation lives. */
  readonly take: <T extends Closable>(
    shared: SharedObjects<T>,
    id: string,
    fingerprint: string,
    create: () => T | Promise<T>,
  ) => Promise<T>;
}

const exposures = (node: ServerNode, { loaded, upstreams, pins }: ServerParts): Exposure[] =>
  node.expose.map((expose) => {
    const upstreamNode = loaded.graph.upstreams[expose.upstream]!;
    const { upstream, bridged } = upstreams.get(expose.upstream)!;
    const forwardHeaders = upstreamNode.type === 'stdio' ? [] : upstreamNode.headers.forward;
    const { tools, prompts, resources } = prepareExpose(expose);
    const labels = prepareLabels(expose);
    const pin = pins.get(expose.upstream);
    return {
      node: expose,
      upstreamNode,
      upstream,
      bridged,
      ...(pin && { pin }),
      tools,
      prompts,
      resources,
      labels,
      facts: { name: upstreamNode.name, labels: labels.upstream },
      forwardHeaders,
    };
  });

const fingerprintOf = ({ loaded }: ServerParts, kind: 'limit' | 'server', name: string): string =>
  loaded.fingerprints[`${kind}:${name}`] ?? '';

const prepareLimits = async (node: ServerNode, parts: ServerParts): Promise<Limits> => {
  const { graph, memories } = parts.loaded;
  const { live, store } = parts.context;
  const counting = [];
  const concurrency = [];
  const bounds = [];
  const ofTenants = Object.values(graph.tenants ?? {}).flatMap((tenant) =>
    tenant.limits.map((name) => ({ name, tenant })),
  );
  for (const { name, ...of } of [...node.limits.map((each) => ({ name: each })), ...ofTenants]) {
    const limit = graph.limits[name]!;
    const id = `limit:${name}` as const;
    const memory = memories[id];
    switch (limit.type) {
      case 'rate':
      case 'quota': {
        const create = () => live.createLimiter(limit, memory, store);
        const counts = limit.type === 'quota' ? quotaCountId(limit) : fingerprintOf(parts, 'limit', name);
        const { counter } = await parts.take(live.limiters, id, counts, create);
        counting.push({ node: limit, counter: counter(limit), ...of });
        break;
      }
      case 'concurrency': {
        const create = () => live.createGate(limit, memory, store);
        const { gate } = await parts.take(live.gates, id, concurrencyCountId(limit), create);
        concurrency.push({ node: limit, gate, ...of });
        break;
      }
      case 'bounds':
        bounds.push(limit);
    }
  }
  return new Limits({ counting, concurrency, bounds });
};

const serverPolicies = (node: ServerNode, { loaded }: ServerParts): ServerPolicies => {
  const { policies, limits, tenants = {} } = loaded.graph;
  const prepared = preparePolicies(node.policies.map((name) => policies[name]!));
  const ofTenants = Object.values(tenants);
  const limitKeys = [...node.limits, ...ofTenants.flatMap((tenant) => tenant.limits)].flatMap((name) => {
    const limit = limits[name]!;
    return 'key' in limit ? limit.key : [];
  });
  const expressions = [...limitKeys, ...ofTenants.map(({ match }) => match)];
  return {
    none: node.policies.length === 0,
    lasting: prepared.cacheable,
    readsHeaders: prepared.variables.has('request') || expressions.some((each) => each.includes('request')),
    readsMimeType: prepared.variables.has('resource.mimeType'),
    decide: cachedDecide(prepared),
  };
};

/** Prepares a server, whose upstreams and pins the generation has already. */
export const prepareServer = async (node: ServerNode, parts: ServerParts): Promise<PreparedServer> => {
  const { context, loaded, info } = parts;
  const { live, log, metrics, sessions, parked, listens, lasting, sealer, peers } = context;
  const exposed = exposures(node, parts);
  const fingerprint = fingerprintOf(parts, 'server', node.name);
  const serverLog = log.child({ server: node.name });
  const createViews = () =>
    new ModernViews(exposed, info, (kind, clash) =>
      serverLog.warn('two upstreams claim one name', { kind, ...clash }),
    );
  const views = await parts.take(live.views, `server:${node.name}`, fingerprint, createViews);
  return {
    node,
    graph: loaded.graph,
    fingerprint,
    info,
    infoText: JSON.stringify(info),
    modernVersions: node.versions.filter(isModernVersion),
    legacyVersions: node.versions.filter((version) => !isModernVersion(version)),
    exposures: exposed,
    extensionMethods: extensionMethods(exposed),
    policies: serverPolicies(node, parts),
    limits: await prepareLimits(node, parts),
    metrics,
    log: serverLog,
    views,
    listens,
    lasting,
    sessions,
    parked,
    lists: new ToldLists(),
    sealer,
    peers,
  };
};

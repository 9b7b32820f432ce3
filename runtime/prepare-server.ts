/** From a server's node to what serves it: its exposures, policies, limits and views. */
import { prepareLabels } from '../policies/expose/labels.ts';
import { prepareExpose } from '../policies/expose/selection.ts';
import { canonicalJson } from '../schema/canonical-json.ts';
import type { NodeId } from '../schema/graph/graph.ts';
import type { ServerNode } from '../schema/graph/server.ts';
import type { LiveServer, LiveUpstream } from './live-objects.ts';
import type { GatewayInfo } from './mcp/ask.ts';
import type { Exposure } from './mcp/exposure.ts';
import { extensionMethods } from './mcp/extension-method.ts';
import { Limits } from './mcp/limits.ts';
import { ModernViews } from './mcp/modern/modern-views.ts';
import type { Pin } from './mcp/pin.ts';
import { isModernVersion } from './mcp/revision.ts';
import type { HeldGraph, PreparedServer } from './mcp/server.ts';
import { ToldLists } from './mcp/told-lists.ts';
import type { PrepareContext } from './prepare-context.ts';
import { takePolicies } from './prepare-policies.ts';
import { Leases } from './reload/leases.ts';
import type { LoadedGraph } from './reload/reloader.ts';
import type { TurnTaking } from './reload/turn-taking.ts';
import { concurrencyCountId } from './traffic/concurrency.ts';
import { quotaCountId } from './traffic/quota.ts';
import { seenKeysId } from './traffic/seen-keys.ts';
import type { SharedBetweenThreads } from './workers/serving-thread.ts';

/** What a generation's servers are made from. */
export interface ServerParts {
  readonly context: PrepareContext;
  readonly loaded: LoadedGraph & SharedBetweenThreads;
  readonly info: GatewayInfo;
  readonly infoText: string;
  readonly held: HeldGraph;
  /** Of the generation. */
  readonly upstreams: ReadonlyMap<string, LiveUpstream>;
  /** By upstream. */
  readonly pins: ReadonlyMap<string, Pin>;
  /** Of the tenants, whose limits are those of all servers. */
  readonly tenants: string;
  /** What the generation holds. */
  readonly leases: Leases;
  readonly turns: TurnTaking;
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

const fingerprintOf = (
  { fingerprints }: Pick<LoadedGraph, 'fingerprints'>,
  kind: 'limit' | 'server',
  name: string,
): string => fingerprints[`${kind}:${name}` as NodeId] ?? '';

/** What the tenants of a graph make of each server; empty where there are none. */
export const tenantsFingerprint = (loaded: LoadedGraph): string => {
  const tenants = Object.values(loaded.graph.tenants ?? {});
  if (tenants.length === 0) return '';
  const limits = tenants.flatMap((tenant) => tenant.limits);
  return canonicalJson([tenants, limits.map((name) => fingerprintOf(loaded, 'limit', name))]);
};

const takeLimits = async (
  node: ServerNode,
  { loaded, context }: ServerParts,
  leases: Leases,
): Promise<Limits> => {
  const { graph, memories } = loaded;
  const { live, store } = context;
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
        const create = () =>
          live.createLimiter(limit, { counts: memory, seen: memories[seenKeysId(name)] }, store);
        const counts = limit.type === 'quota' ? quotaCountId(limit) : fingerprintOf(loaded, 'limit', name);
        const { counter } = await leases.take(live.limiters, id, counts, create);
        counting.push({ node: limit, counter: counter(limit), ...of });
        break;
      }
      case 'concurrency': {
        const create = () => live.createGate(limit, memory, store);
        const { gate } = await leases.take(live.gates, id, concurrencyCountId(limit), create);
        concurrency.push({ node: limit, gate, ...of });
        break;
      }
      case 'bounds':
        bounds.push(limit);
    }
  }
  return new Limits({ counting, concurrency, bounds });
};

/** What stays for as long as neither the server nor what it refers to changes. */
const createServer = async (node: ServerNode, parts: ServerParts): Promise<LiveServer> => {
  const { context, loaded, info, turns } = parts;
  const leases = new Leases(turns);
  const log = context.log.child({ server: node.name });
  try {
    const exposed = exposures(node, parts);
    const createViews = () =>
      new ModernViews(exposed, info, (kind, clash) =>
        log.warn('two upstreams claim one name', { kind, ...clash }),
      );
    const fingerprint = fingerprintOf(loaded, 'server', node.name);
    const views = await leases.take(context.live.views, `server:${node.name}`, fingerprint, createViews);
    return {
      node,
      log,
      views,
      modernVersions: node.versions.filter(isModernVersion),
      legacyVersions: node.versions.filter((version) => !isModernVersion(version)),
      exposures: exposed,
      extensionMethods: extensionMethods(exposed),
      policies: await takePolicies(node, parts, leases),
      limits: await takeLimits(node, parts, leases),
      close: () => {
        context.serverOver(node.name, exposed);
        return leases.release();
      },
    };
  } catch (thrown) {
    await leases.release();
    throw thrown;
  }
};

/** Prepares a server, whose upstreams and pins the generation has already. */
export const prepareServer = async (node: ServerNode, parts: ServerParts): Promise<PreparedServer> => {
  const { context, loaded, held, info, infoText, leases } = parts;
  const { live, metrics, work, sealer, peers } = context;
  const { sessions, parked, listens, lasting, listReaders } = work;
  const fingerprint = fingerprintOf(loaded, 'server', node.name);
  const create = () => createServer(node, parts);
  const id = `server:${node.name}`;
  const { close: _, ...lives } = await leases.take(live.servers, id, fingerprint + parts.tenants, create);
  return {
    ...lives,
    held,
    policyNodes: node.policies.map((name) => loaded.graph.policies[name]!),
    fingerprint,
    info,
    infoText,
    metrics,
    listens,
    lasting,
    listReaders,
    sessions,
    parked,
    lists: new ToldLists(),
    sealer,
    peers,
  };
};

/** From a loaded graph to a generation that can serve: everything that can fail happens here, before the swap. */

import { preparePolicies } from '../policies/decide.ts';
import { prepareLabels } from '../policies/expose/labels.ts';
import { prepareExpose } from '../policies/expose/selection.ts';
import { cachedDecide } from '../policies/verdict-cache.ts';
import type { ListenerNode, RouteNode } from '../schema/graph/listener.ts';
import type { ServerNode } from '../schema/graph/server.ts';
import { GatewayError } from './errors.ts';
import type { GenerationView, PreparedListener } from './generation.ts';
import { type Authenticate, prepareAuthenticate } from './identity/authenticate.ts';
import type { Identity } from './identity/identity.ts';
import { resourceMetadataDocuments } from './identity/resource-metadata.ts';
import { urlOf } from './listen/bind.ts';
import type { ListenerObserver } from './listen/observer.ts';
import { prepareListener } from './listen/prepare-listener.ts';
import type { LiveListener, LiveObjects, LiveUpstream } from './live-objects.ts';
import type { GatewayInfo } from './mcp/ask.ts';
import type { EventStreamChannels } from './mcp/channel/event-stream-channel.ts';
import type { Exposure } from './mcp/exposure.ts';
import { extensionMethods } from './mcp/extension-method.ts';
import type { ParkedCalls } from './mcp/input/parked-calls.ts';
import type { LastingCallers } from './mcp/lasting-callers.ts';
import type { SessionStore } from './mcp/legacy/session-store.ts';
import { Limits } from './mcp/limits.ts';
import type { ListenStreams } from './mcp/modern/listen-streams.ts';
import { ModernViews } from './mcp/modern/modern-views.ts';
import type { Pin } from './mcp/pin.ts';
import { isModernVersion } from './mcp/revision.ts';
import type { Place, PreparedServer, ServerPolicies } from './mcp/server.ts';
import { ToldLists } from './mcp/told-lists.ts';
import type { Log } from './observe/log.ts';
import type { Metrics } from './observe/metrics.ts';
import { opsRoutes } from './ops/ops.ts';
import type { OpsSource } from './ops/ops-source.ts';
import type { Peers } from './peers/peers.ts';
import { prepareRoutes } from './prepare-routes.ts';
import { Generation } from './reload/generation.ts';
import type { LoadedGraph } from './reload/reloader.ts';
import type { Closable, Lease, SharedObjects } from './reload/shared.ts';
import { TurnTaking } from './reload/turn-taking.ts';
import type { Sealer } from './sealing/sealer.ts';
import type { StateStore } from './state/state-store.ts';
import type { Upstream } from './upstream/link.ts';
import type { ServingThread, SharedBetweenThreads } from './workers/serving-thread.ts';

/** What generations are made from. */
export interface PrepareContext {
  readonly version: string;
  readonly live: LiveObjects;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly sessions: SessionStore;
  readonly parked: ParkedCalls;
  readonly listens: ListenStreams;
  readonly lasting: LastingCallers;
  readonly sealer: Sealer;
  readonly peers: Peers | undefined;
  /** What replicas share, where they share anything. */
  readonly store: StateStore | undefined;
  readonly ops: OpsSource;
  readonly observer: ListenerObserver;
  /** Streams of the transport of 2024-11-05. */
  readonly channels: EventStreamChannels;
  /** The only server, where it is served over pipes: no listener is bound then. */
  readonly stdio: string | undefined;
  /** Set where several threads serve. */
  readonly thread: ServingThread | undefined;
  /** The generation that serves. */
  readonly current: () => GenerationView;
}

/** A generation with what the swap does besides. */
export interface PreparedGeneration {
  readonly generation: Generation;
  readonly servers: ReadonlyMap<string, PreparedServer>;
  readonly listeners: ReadonlyMap<string, LiveListener>;
  /** By upstream. */
  readonly pins: ReadonlyMap<string, Pin>;
  /** The server that is served over pipes. */
  readonly stdio: Place | undefined;
}

/** The part of a listener's node that a bound socket is tied to. */
const socketFingerprint = (node: ListenerNode): string =>
  JSON.stringify([node.bind, node.http, node.tls !== undefined]);

/** The private cause of an error of an upstream: for the operator, who asks. */
const causeText = (error: unknown): string => {
  const cause = error instanceof GatewayError ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
};

/** Prepares one generation. On failure everything that it took is given back. */
class Preparation {
  readonly #context: PrepareContext;
  readonly #loaded: LoadedGraph & SharedBetweenThreads;
  readonly #leases: Lease<Closable>[] = [];
  readonly #turns = new TurnTaking();
  readonly #info: GatewayInfo;
  /** Upstreams that were not there before. */
  readonly #made: Upstream[] = [];
  readonly identities = new Map<string, Identity>();
  readonly upstreams = new Map<string, LiveUpstream>();
  readonly pins = new Map<string, Pin>();
  readonly listeners = new Map<string, LiveListener>();
  readonly servers = new Map<string, PreparedServer>();

  constructor(context: PrepareContext, loaded: LoadedGraph & SharedBetweenThreads) {
    this.#context = context;
    this.#loaded = loaded;
    this.#info = Object.freeze({ name: loaded.graph.name, version: context.version });
  }

  async #take<T extends Closable>(
    shared: SharedObjects<T>,
    id: string,
    fingerprint: string,
    create: () => T | Promise<T>,
  ): Promise<T> {
    await this.#turns.next();
    const lease = await shared.acquire(id, fingerprint, create);
    this.#leases.push(lease);
    return lease.object;
  }

  #fingerprint(kind: 'identity' | 'upstream' | 'pin' | 'limit' | 'server', name: string): string {
    return this.#loaded.fingerprints[`${kind}:${name}`] ?? '';
  }

  async #takeAll(): Promise<void> {
    const { graph, memories, ports } = this.#loaded;
    const { live, current } = this.#context;
    for (const node of this.#listenerNodes()) {
      const create = () => live.createListener(node, current, ports[node.name]);
      const id = `listener:${node.name}`;
      this.listeners.set(node.name, await this.#take(live.listeners, id, socketFingerprint(node), create));
    }
    for (const node of Object.values(graph.identities)) {
      const create = () => live.createIdentity(node);
      const fingerprint = this.#fingerprint('identity', node.name);
      this.identities.set(
        node.name,
        await this.#take(live.identities, `identity:${node.name}`, fingerprint, create),
      );
    }
    for (const node of Object.values(graph.upstreams)) {
      const create = (): LiveUpstream => {
        const made = live.createUpstream(node, this.#info, memories[`upstream:${node.name}`]);
        this.#made.push(made.upstream);
        return made;
      };
      const fingerprint = this.#fingerprint('upstream', node.name);
      this.upstreams.set(
        node.name,
        await this.#take(live.upstreams, `upstream:${node.name}`, fingerprint, create),
      );
    }
    await this.#startMade();
    await this.#takePins();
    for (const node of Object.values(graph.servers)) this.servers.set(node.name, await this.#server(node));
  }

  /**
   * Where another graph serves that would be given up for one whose processes do not run, they have to run first. At
   * the start, as ever, an upstream that is down keeps nobody from the others.
   */
  async #startMade(): Promise<void> {
    if (this.#context.current().number === 0) return;
    const starting = this.#made.map((upstream) =>
      upstream.start?.().catch((error: unknown) => {
        throw new Error(`upstream \`${upstream.name}\` does not start: ${causeText(error)}`, {
          cause: error,
        });
      }),
    );
    const results = await Promise.allSettled(starting);
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  async #takePins(): Promise<void> {
    const { live } = this.#context;
    for (const node of Object.values(this.#loaded.graph.pins ?? {})) {
      const id = `pin:${node.name}`;
      const fingerprint = this.#fingerprint('pin', node.name);
      const { pin } = await this.#take(live.pins, id, fingerprint, () => live.createPin(node));
      this.pins.set(node.name, pin);
    }
  }

  #exposures(node: ServerNode): Exposure[] {
    return node.expose.map((expose) => {
      const upstreamNode = this.#loaded.graph.upstreams[expose.upstream]!;
      const { upstream, bridged } = this.upstreams.get(expose.upstream)!;
      const forwardHeaders = upstreamNode.type === 'stdio' ? [] : upstreamNode.headers.forward;
      const { tools, prompts, resources } = prepareExpose(expose);
      const labels = prepareLabels(expose);
      const pin = this.pins.get(expose.upstream);
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
  }

  async #limits(node: ServerNode): Promise<Limits> {
    const { graph, memories } = this.#loaded;
    const { limits } = graph;
    const rates = [];
    const bounds = [];
    for (const name of node.limits) {
      const limit = limits[name]!;
      if (limit.type === 'bounds') {
        bounds.push(limit);
        continue;
      }
      const { live, store } = this.#context;
      const create = () => live.createLimiter(limit, memories[`limit:${name}`], store);
      const { limiter } = await this.#take(
        live.limiters,
        `limit:${name}`,
        this.#fingerprint('limit', name),
        create,
      );
      rates.push({ node: limit, limiter });
    }
    return new Limits(rates, bounds);
  }

  #policies(node: ServerNode): ServerPolicies {
    const prepared = preparePolicies(node.policies.map((name) => this.#loaded.graph.policies[name]!));
    const limitKeys = node.limits.flatMap((name) => {
      const limit = this.#loaded.graph.limits[name]!;
      return limit.type === 'rate' ? limit.key : [];
    });
    return {
      none: node.policies.length === 0,
      lasting: prepared.cacheable,
      readsHeaders: prepared.variables.has('request') || limitKeys.some((key) => key.includes('request')),
      readsMimeType: prepared.variables.has('resource.mimeType'),
      decide: cachedDecide(prepared),
    };
  }

  async #server(node: ServerNode): Promise<PreparedServer> {
    const { live, log, metrics, sessions, parked, listens, lasting, sealer, peers } = this.#context;
    const exposures = this.#exposures(node);
    const fingerprint = this.#fingerprint('server', node.name);
    const serverLog = log.child({ server: node.name });
    const views = await this.#take(
      live.views,
      `server:${node.name}`,
      fingerprint,
      () =>
        new ModernViews(exposures, this.#info, (kind, clash) =>
          serverLog.warn('two upstreams claim one name', { kind, ...clash }),
        ),
    );
    return {
      node,
      graph: this.#loaded.graph,
      fingerprint,
      info: this.#info,
      infoText: JSON.stringify(this.#info),
      modernVersions: node.versions.filter(isModernVersion),
      legacyVersions: node.versions.filter((version) => !isModernVersion(version)),
      exposures,
      extensionMethods: extensionMethods(exposures),
      policies: this.#policies(node),
      limits: await this.#limits(node),
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
  }

  #listener(node: ListenerNode): PreparedListener {
    const { url } = this.listeners.get(node.name)!.listener;
    if (node.serve.length > 0) {
      const authenticate = this.#opsAuthenticate(node, url);
      return prepareListener(node, opsRoutes(node, this.#context.ops, authenticate), node.documents);
    }
    const { graph } = this.#loaded;
    const placeOf = ({ endpoint, server }: RouteNode) => this.#place(node, url, endpoint, server);
    const { routes, upgrades } = prepareRoutes(node, placeOf, this.#context);
    const metadata = resourceMetadataDocuments({
      url,
      routes: node.routes.filter(({ speaks }) => speaks === 'mcp'),
      servers: graph.servers,
      identities: graph.identities,
    });
    return prepareListener(node, routes, { ...node.documents, ...Object.fromEntries(metadata) }, upgrades);
  }

  #place(node: ListenerNode, url: string, path: string, serverName: string): Place {
    const server = this.servers.get(serverName)!;
    const { name, identities, anonymous, scopes } = server.node;
    const guarded = { name, identities, anonymous, scopes, url: url + path };
    return {
      server,
      authenticate: prepareAuthenticate(guarded, this.identities),
      maxBodyBytes: node.sizes.bodyBytes,
      maxDepth: node.sizes.jsonDepth,
    };
  }

  /** Those to bind. */
  #listenerNodes(): readonly ListenerNode[] {
    const { stdio, thread } = this.#context;
    if (stdio !== undefined) return [];
    const nodes = Object.values(this.#loaded.graph.listeners);
    return thread?.ownsUnixSockets === false ? nodes.filter(({ bind }) => bind.type === 'tcp') : nodes;
  }

  /** The server that is served over pipes, as it is at its first place: tokens for that one are good here too. */
  #stdio(): Place | undefined {
    const { stdio } = this.#context;
    if (stdio === undefined) return undefined;
    const [at] = this.servers.get(stdio)!.node.at;
    const node = this.#loaded.graph.listeners[at!.listener]!;
    const url = node.url === '' ? urlOf(node.bind, node.tls !== undefined) : node.url;
    return this.#place(node, url, at!.path, stdio);
  }

  #opsAuthenticate(node: ListenerNode, url: string): Authenticate | undefined {
    if (node.identities.length === 0) return undefined;
    const guarded = {
      name: node.name,
      identities: node.identities,
      anonymous: false,
      scopes: [],
      url: `${url}/`,
    };
    return prepareAuthenticate(guarded, this.identities);
  }

  #assertServed(): void {
    const { stdio } = this.#context;
    const names = Object.keys(this.#loaded.graph.servers);
    if (stdio !== undefined && !names.includes(stdio))
      throw new Error(
        `there is no server \`${stdio}\`; there is ${names.map((name) => `\`${name}\``).join(', ')}`,
      );
  }

  async run(number: number): Promise<PreparedGeneration> {
    try {
      this.#assertServed();
      await this.#takeAll();
      const { graph, artifactHash, effectiveHash } = this.#loaded;
      const listeners = new Map(
        this.#listenerNodes().map((node) => [node.name, this.#listener(node)] as const),
      );
      const stdio = this.#stdio();
      const generation = new Generation({ number, artifactHash, effectiveHash, graph, listeners });
      for (const lease of this.#leases) generation.hold(() => lease.release());
      const { servers, pins } = this;
      return { generation, servers, listeners: this.listeners, pins, stdio };
    } catch (thrown) {
      await Promise.all(this.#leases.map((lease) => lease.release()));
      throw thrown;
    }
  }
}

/** Prepares generation `number` of a loaded graph, or rejects and leaves nothing behind. */
export const prepareGeneration = (
  context: PrepareContext,
  loaded: LoadedGraph & SharedBetweenThreads,
  number: number,
): Promise<PreparedGeneration> => new Preparation(context, loaded).run(number);

/** From a loaded graph to a generation that can serve: everything that can fail happens here, before the swap. */

import { DEFAULT_JSON } from '../schema/config/listener.ts';
import type { ListenerNode, RouteNode } from '../schema/graph/listener.ts';
import { GatewayError } from './errors.ts';
import type { PreparedListener } from './generation.ts';
import { type Authenticate, prepareAuthenticate } from './identity/authenticate.ts';
import type { Identity } from './identity/identity.ts';
import { resourceMetadataDocuments } from './identity/resource-metadata.ts';
import { urlOf } from './listen/bind.ts';
import type { BoundListener } from './listen/bound-listeners.ts';
import { handshakesFingerprint, handshakesId } from './listen/handshakes.ts';
import { prepareListener } from './listen/prepare-listener.ts';
import type { LiveUpstream } from './live-objects.ts';
import type { GatewayInfo } from './mcp/ask.ts';
import type { Pin } from './mcp/pin.ts';
import type { HeldGraph, Place, PreparedServer } from './mcp/server.ts';
import { opsRoutes } from './ops/ops.ts';
import type { PrepareContext } from './prepare-context.ts';
import { prepareRoutes } from './prepare-routes.ts';
import { prepareServer, type ServerParts, tenantsFingerprint } from './prepare-server.ts';
import { Generation } from './reload/generation.ts';
import { Leases } from './reload/leases.ts';
import type { LoadedGraph } from './reload/reloader.ts';
import { TurnTaking } from './reload/turn-taking.ts';
import type { RateLimiter } from './traffic/rate.ts';
import { placesId } from './upstream/bulkhead.ts';
import { budgetId, healthId } from './upstream/context.ts';
import type { Upstream } from './upstream/link.ts';
import type { SharedBetweenThreads } from './workers/serving-thread.ts';

/** A generation with what the swap does besides. */
export interface PreparedGeneration {
  readonly generation: Generation;
  readonly servers: ReadonlyMap<string, PreparedServer>;
  readonly listeners: ReadonlyMap<string, BoundListener>;
  /** By upstream. */
  readonly pins: ReadonlyMap<string, Pin>;
  /** The server that is served over pipes. */
  readonly stdio: Place | undefined;
}

/** The private cause of an error of an upstream: for the operator, who asks. */
const causeText = (error: unknown): string => {
  const cause = error instanceof GatewayError ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
};

/** Prepares one generation. On failure everything that it took is given back. */
class Preparation {
  readonly #context: PrepareContext;
  readonly #loaded: LoadedGraph & SharedBetweenThreads;
  readonly #turns = new TurnTaking();
  readonly #leases = new Leases(this.#turns);
  readonly #held: HeldGraph;
  readonly #info: GatewayInfo;
  /** Upstreams that were not there before. */
  readonly #made: Upstream[] = [];
  readonly identities = new Map<string, Identity>();
  readonly upstreams = new Map<string, LiveUpstream>();
  readonly pins = new Map<string, Pin>();
  readonly listeners = new Map<string, BoundListener>();
  readonly servers = new Map<string, PreparedServer>();

  constructor(context: PrepareContext, loaded: LoadedGraph & SharedBetweenThreads) {
    this.#context = context;
    this.#loaded = loaded;
    this.#held = { graph: loaded.graph };
    this.#info = Object.freeze({ name: loaded.graph.name, version: context.version });
  }

  #fingerprint(kind: 'identity' | 'upstream' | 'pin', name: string): string {
    return this.#loaded.fingerprints[`${kind}:${name}`] ?? '';
  }

  #serverParts(): ServerParts {
    return {
      context: this.#context,
      loaded: this.#loaded,
      held: this.#held,
      info: this.#info,
      infoText: JSON.stringify(this.#info),
      upstreams: this.upstreams,
      pins: this.pins,
      tenants: tenantsFingerprint(this.#loaded),
      leases: this.#leases,
      turns: this.#turns,
    };
  }

  async #takeAll(): Promise<void> {
    const { graph, memories, ports } = this.#loaded;
    const { live, thread } = this.#context;
    for (const node of this.#listenerNodes()) {
      await this.#turns.next();
      const memory = memories[`listener:${node.name}`];
      const shared = { together: thread && { port: ports[node.name] }, memory };
      this.listeners.set(node.name, await live.listeners.prepare(node, shared));
    }
    for (const node of Object.values(graph.identities)) {
      const create = () => live.createIdentity(node);
      const fingerprint = this.#fingerprint('identity', node.name);
      this.identities.set(
        node.name,
        await this.#leases.take(live.identities, `identity:${node.name}`, fingerprint, create),
      );
    }
    for (const node of Object.values(graph.upstreams)) {
      const create = (): LiveUpstream => {
        const made = live.createUpstream(node, this.#info, {
          breaker: memories[`upstream:${node.name}`],
          places: memories[placesId(node.name)],
          budget: memories[budgetId(node.name)],
          health: memories[healthId(node.name)],
        });
        this.#made.push(made.upstream);
        return made;
      };
      const fingerprint = this.#fingerprint('upstream', node.name);
      this.upstreams.set(
        node.name,
        await this.#leases.take(live.upstreams, `upstream:${node.name}`, fingerprint, create),
      );
    }
    await this.#startMade();
    await this.#takePins();
    const parts = this.#serverParts();
    for (const node of Object.values(graph.servers))
      this.servers.set(node.name, await prepareServer(node, parts));
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
      const { pin } = await this.#leases.take(live.pins, id, fingerprint, () => live.createPin(node));
      this.pins.set(node.name, pin);
    }
  }

  async #listener(node: ListenerNode): Promise<PreparedListener> {
    const url = this.listeners.get(node.name)!.listener.urlBy(node);
    if (node.serve.length > 0) {
      const authenticate = this.#opsAuthenticate(node, url);
      const ops = opsRoutes(node, this.#context.ops, authenticate);
      return prepareListener(node, ops, node.documents, undefined, await this.#handshakes(node));
    }
    const { graph } = this.#loaded;
    const placeOf = ({ endpoint, server }: RouteNode) => this.#place(node, url, endpoint, server);
    const { routes, upgrades } = await prepareRoutes(node, placeOf, this.#context, this.#turns);
    const metadata = resourceMetadataDocuments({
      url,
      routes: node.routes.filter(({ speaks }) => speaks === 'mcp'),
      servers: graph.servers,
      identities: graph.identities,
    });
    await this.#turns.next();
    const documents = { ...node.documents, ...Object.fromEntries(metadata) };
    return prepareListener(node, routes, documents, upgrades, await this.#handshakes(node));
  }

  async #handshakes(node: ListenerNode): Promise<RateLimiter | undefined> {
    if (node.tls === undefined) return undefined;
    const { live } = this.#context;
    const id = handshakesId(node.name);
    const create = () => live.createHandshakes(node, this.#loaded.memories[id]);
    // Under whatever name, so that one that is renamed goes on.
    const { limiter } = await this.#leases.take(
      live.handshakes,
      'handshakes',
      handshakesFingerprint(node),
      create,
    );
    return limiter;
  }

  #place(node: ListenerNode, url: string, path: string, serverName: string): Place {
    const server = this.servers.get(serverName)!;
    const { name, identities, anonymous, scopes } = server.node;
    const guarded = { name, identities, anonymous, scopes, url: url + path };
    return {
      server,
      authenticate: prepareAuthenticate(guarded, this.identities, this.#context.revocations),
      maxBodyBytes: node.sizes.bodyBytes,
      json: {
        depth: node.sizes.jsonDepth,
        items: node.sizes.jsonItems ?? DEFAULT_JSON.items,
        length: node.sizes.jsonLength ?? DEFAULT_JSON.length,
      },
    };
  }

  /** Those to bind. */
  #listenerNodes(): readonly ListenerNode[] {
    const { stdio, thread } = this.#context;
    if (stdio !== undefined) return [];
    const nodes = Object.values(this.#loaded.graph.listeners);
    return (thread?.place ?? 0) > 0 ? nodes.filter(({ bind }) => bind.type === 'tcp') : nodes;
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
    return prepareAuthenticate(guarded, this.identities, this.#context.revocations);
  }

  #assertServed(): void {
    const { stdio } = this.#context;
    const names = Object.keys(this.#loaded.graph.servers);
    if (stdio !== undefined && !names.includes(stdio))
      throw new Error(
        `there is no server \`${stdio}\`; there is ${names.map((name) => `\`${name}\``).join(', ')}`,
      );
  }

  async #giveBackListeners(): Promise<void> {
    const { listeners } = this.#context.live;
    await Promise.all(Array.from(this.listeners.values(), (bound) => listeners.giveBack(bound)));
  }

  async run(number: number): Promise<PreparedGeneration> {
    try {
      this.#assertServed();
      await this.#takeAll();
      const { graph, artifactHash, effectiveHash } = this.#loaded;
      const listeners = new Map<string, PreparedListener>();
      for (const node of this.#listenerNodes()) listeners.set(node.name, await this.#listener(node));
      const stdio = this.#stdio();
      const generation = new Generation({ number, artifactHash, effectiveHash, graph, listeners });
      generation.hold(() => this.#leases.release());
      const held = this.#held;
      generation.hold(() => {
        held.graph = undefined;
      });
      generation.hold(() => this.#giveBackListeners());
      const { servers, pins } = this;
      return { generation, servers, listeners: this.listeners, pins, stdio };
    } catch (thrown) {
      await Promise.all([this.#leases.release(), this.#giveBackListeners()]);
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

/** What serves: the generations of graphs, and what outlives them. One for each thread that takes traffic. */
import type { Graph } from '../schema/graph/graph.ts';
import { boundsFrom, type EndBounds } from './end-bounds.ts';
import { GatewayError, RPC } from './errors.ts';
import { type GenerationView, NO_GENERATION } from './generation.ts';
import { LastingWork } from './lasting-work.ts';
import { BoundListeners } from './listen/bound-listeners.ts';
import { Listener } from './listen/listener.ts';
import type { ListenerObserver } from './listen/observer.ts';
import { LiveObjects } from './live-objects.ts';
import { StdioChannel } from './mcp/channel/stdio.ts';
import type { PinDifference } from './mcp/pin.ts';
import type { PreparedServer } from './mcp/server.ts';
import { AccessLog } from './observe/access-log.ts';
import type { HeldPlaces } from './observe/limit-metrics.ts';
import { TrafficObserver } from './observe/traffic-observer.ts';
import { openPressureGuard } from './open-pressure-guard.ts';
import { hasTraffic, openStore } from './open-store.ts';
import { PeerNetwork } from './peers/peer-network.ts';
import { type PreparedGeneration, prepareGeneration } from './prepare.ts';
import type { PrepareContext } from './prepare-context.ts';
import { Generations } from './reload/generations.ts';
import type { LoadedGraph } from './reload/reloader.ts';
import { Revocations } from './revocation/revocations.ts';
import { Sealer } from './sealing/sealer.ts';
import { INITIAL_LOG, type Pipes, type ServingOptions } from './serving-options.ts';
import { OnceCache } from './state/once-cache.ts';
import { countsIn } from './state/shared-counts.ts';
import type { StateStore } from './state/state-store.ts';
import type { Filled, KeyedLimitNode } from './traffic/fill.ts';
import type { PressureReason } from './traffic/pressure.ts';
import type { PressureGuard } from './traffic/pressure-guard.ts';
import type { UpstreamState } from './upstream/link.ts';
import { upstreamContextOf } from './upstream-context.ts';
import type { SharedBetweenThreads } from './workers/serving-thread.ts';

const ALONE: SharedBetweenThreads = { memories: {}, ports: {} };

/** Of one upstream so many differences are told. */
const MAX_DIFFERENCES = 1000;

/** Of the time that is left at the end, for the store to be told of places that are free. */
const GIVE_BACK_SHARE = 0.5;

/** Streams go over to another graph, or end in order, by rules of their own. */
const LASTING_METHODS: ReadonlySet<string> = new Set(['GET', 'subscriptions/listen']);

/** Serves one graph after another. What a reload leaves alone stays as it is. */
export class Serving {
  readonly #options: ServingOptions;
  readonly #observer: TrafficObserver;
  readonly #accessLog: AccessLog;
  readonly #generations = new Generations();
  readonly #once: OnceCache;
  readonly #work: LastingWork;
  readonly #network: PeerNetwork;
  /** Who is revoked. */
  readonly revocations: Revocations;
  readonly #sealer: Sealer;
  readonly #pressure: PressureGuard;
  readonly #live: LiveObjects;
  #store: StateStore | undefined;
  #current: PreparedGeneration | undefined;
  #stdio: StdioChannel | undefined;
  #numbers = 0;
  #closing = false;
  /** When processes are killed, once the end has begun. */
  #endAtMs = Number.POSITIVE_INFINITY;

  constructor(options: ServingOptions) {
    this.#options = options;
    const { thread, metrics } = options;
    this.#observer = new TrafficObserver(metrics, options.log);
    const current = () => this.#generations.current;
    this.#pressure = openPressureGuard(options.log, metrics, thread);
    this.#network = new PeerNetwork({
      thread,
      current,
      observer: this.#observer,
      shedding: this.#pressure,
      metrics,
      log: options.log,
    });
    this.#once = new OnceCache(thread && { memory: thread.once, holder: thread.holder });
    this.revocations = new Revocations({ log: options.log, onRevoked: () => this.#work.expelRevoked() });
    this.#work = new LastingWork({
      self: this.#network.self,
      counts: (what) => countsIn(thread?.open[what], thread),
      once: this.#once,
      shedding: this.#pressure,
      isRevoked: (principal) => this.revocations.isRevoked(principal),
      isOverPipes: options.stdio !== undefined,
    });
    this.#sealer = new Sealer([], thread?.sealingKey);
    this.#accessLog = new AccessLog(INITIAL_LOG.format, options.destination);
    const observer: ListenerObserver = this.#observer;
    const listeners = new BoundListeners((node, address, memory) => {
      const bounds = { shedding: this.#pressure, connections: countsIn(memory, thread) };
      return new Listener(node, address, () => this.#currentOrNone(), observer, bounds);
    });
    const upstreamContext = upstreamContextOf(options, () => Math.max(0, this.#endAtMs - performance.now()));
    this.#live = new LiveObjects(options.log, upstreamContext, listeners, thread);
    options.metrics.places = () => this.#live.heldPlaces();
  }

  /** What serves now; undefined before the first swap. */
  get current(): PreparedGeneration | undefined {
    return this.#current;
  }

  /** Generations that still serve requests of before. */
  get draining(): number {
    return this.#generations.draining.length;
  }

  /** Open sessions of legacy clients. */
  get sessions(): number {
    return this.#work.sessions.size;
  }

  /** Why new work is refused; empty if it is not. */
  get pressure(): readonly PressureReason[] {
    return this.#pressure.reasons;
  }

  /** Upstreams that are up, by name. */
  get upstreams(): Readonly<Record<string, UpstreamState>> {
    return Object.fromEntries([...this.#live.running()].map(([name, upstream]) => [name, upstream.state()]));
  }

  /** Requests and streams that each generation holds, by its number. */
  get generationRequests(): (readonly [generation: number, requests: number])[] {
    const current = this.#generations.hasCurrent ? [this.#generations.current] : [];
    return [...this.#generations.draining, ...current].map(({ number, requests }) => [number, requests]);
  }

  /** What calls of this thread hold of limits on calls at a time, and wait for. */
  get places(): readonly HeldPlaces[] {
    return this.#live.heldPlaces();
  }

  /** What limits of this thread have refused in the last minute. */
  get refused(): Readonly<Record<string, number>> {
    return this.#options.metrics.refusals.told();
  }

  /** What counts here for a limit. */
  filled(node: KeyedLimitNode): Filled | undefined {
    return this.#live.filled(node);
  }

  /** By upstream, of those that are pinned: what differs from what is locked. */
  get pinned(): Readonly<Record<string, readonly PinDifference[]>> {
    const pins = this.#current?.pins ?? [];
    return Object.fromEntries(
      [...pins].map(([name, pin]) => [name, pin.differences.slice(0, MAX_DIFFERENCES)]),
    );
  }

  /** Brings a graph to the point where nothing can fail any more, or rejects and leaves nothing behind. */
  async prepare(loaded: LoadedGraph, shared: SharedBetweenThreads = ALONE): Promise<PreparedGeneration> {
    if (this.#current === undefined) {
      await this.#openStore(loaded.graph);
      await this.#network.open(loaded.graph, hasTraffic(loaded.graph) ? this.#store : undefined);
    }
    return await prepareGeneration(this.#prepareContext(), { ...loaded, ...shared }, this.#numbers + 1);
  }

  /** Once: another store needs a restart. Who serves operations only asks of it who is revoked. */
  async #openStore(graph: Graph): Promise<void> {
    if (this.#store !== undefined) return;
    this.#store = await openStore(graph, this.#options);
    if (this.#store === undefined) return;
    this.#once.share(this.#store);
    await this.revocations.follow(this.#store);
  }

  /** From here on the prepared generation serves. Does not fail. */
  swap(prepared: PreparedGeneration): void {
    const { generation, servers, listeners } = prepared;
    if (this.#closing) {
      void generation.retire(0);
      return;
    }
    const { graph } = generation;
    const { drain, maxGenerations } = graph.reload;
    this.#numbers = generation.number;
    this.#current = prepared;
    this.#options.log.configure(graph.telemetry.log);
    this.#accessLog.configure(graph.telemetry.log.format);
    this.#observer.accessLog = graph.telemetry.log.access ? this.#accessLog : undefined;
    this.#sealer.rekey(graph.sealing.keys);
    this.#network.rekey(graph.sealing.keys);
    this.#work.rebound(graph);
    if (Object.keys(graph.servers).length > 0) this.#pressure.rebound(graph.pressure);
    this.#generations.swap(generation, { ...drain, maxGenerations });
    this.#live.listeners.swap(
      Array.from(listeners, ([name, bound]) => [graph.listeners[name]!, bound] as const),
      drain,
    );
    this.#work.afterSwap(graph, servers);
  }

  /**
   * Serves the server of the option `stdio` over pipes. Resolves when the client has left; rejects with a GatewayError
   * if its token does not open the server. `close` lets calls in flight finish.
   */
  async serveStdio(pipes: Pipes): Promise<void> {
    this.#stdio = await StdioChannel.open({
      ...pipes,
      place: () => this.#current!.stdio!,
      context: { observer: this.#observer, current: () => this.#generations.current },
    });
    await this.#stdio.ended;
  }

  /**
   * Ends in order: no new connections, streams get their results, calls in flight finish, then sessions and processes.
   * Peers and a client over stdio are waited for within the window, too.
   */
  async close(bounds: EndBounds): Promise<void> {
    this.#closing = true;
    const startedMs = performance.now();
    const { windowMs } = bounds;
    const cutMs = (): number => boundsFrom(bounds, performance.now() - startedMs).cutMs;
    this.#endAtMs = startedMs + bounds.endMs;
    this.#live.endHeldBy(this.#endAtMs);
    this.#work.endStreams(windowMs);
    this.#network.drain(windowMs);
    await this.#stdio?.close(windowMs);
    const { listeners } = this.#live;
    await listeners.closeTraffic({ windowMs, deadlineMs: cutMs() });
    await this.#network.close(windowMs, cutMs());
    await this.#work.close();
    // No call is left. What the store is not told of in time, others get when its leases end.
    const endMs = this.#endAtMs - performance.now();
    const givenBack = this.#live.giveBack(Math.max(0, endMs * GIVE_BACK_SHARE));
    // Told to the last that this one is not ready.
    await listeners.closeOperations({ windowMs: 0, deadlineMs: cutMs() });
    await this.#generations.close(0);
    this.revocations.close();
    await givenBack;
    await this.#store?.close();
    this.#pressure.close();
    this.#observer.close();
  }

  /** No generation has this server any more: what began under it has had the time that it gets. */
  #cut(name: string, exposures: PreparedServer['exposures']): void {
    const error = new GatewayError('shutting_down', 'the server has changed', {
      status: 503,
      rpcCode: RPC.upstream,
    });
    this.#work.sessions.cut(exposures, error);
    this.#stdio?.cut(exposures, error);
    if (this.#current?.servers.has(name) !== true) this.#work.parked.serverGone(name);
    const mayNot: Parameters<BoundListeners['cut']>[0] = ({ record, generation }) =>
      record.server === name && generation.isOver && !LASTING_METHODS.has(record.method);
    this.#live.listeners.cut(mayNot, error);
  }

  #prepareContext(): PrepareContext {
    const { version, log, metrics, ops, stdio, thread } = this.#options;
    return {
      version,
      live: this.#live,
      log,
      metrics,
      work: this.#work,
      revocations: this.revocations,
      sealer: this.#sealer,
      peers: this.#network.peers,
      store: this.#store,
      ops,
      observer: this.#observer,
      stdio,
      thread,
      current: () => this.#currentOrNone(),
      serverOver: (name, exposures) => this.#cut(name, exposures),
    };
  }

  #currentOrNone(): GenerationView {
    return this.#generations.hasCurrent ? this.#generations.current : NO_GENERATION;
  }
}

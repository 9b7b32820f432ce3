/** A running gateway: load, listen, reload, end. What outlives a generation is made here, once. */
import { dirname, resolve } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import type { Graph, SessionsNode, TelemetryNode } from '../schema/graph/graph.ts';
import type { GenerationView } from './generation.ts';
import type { ListenerObserver } from './listen/observer.ts';
import { LiveObjects } from './live-objects.ts';
import { EventStreamChannels } from './mcp/channel/event-stream-channel.ts';
import { StdioChannel } from './mcp/channel/stdio.ts';
import { ParkedCalls } from './mcp/input/parked-calls.ts';
import { SessionStore } from './mcp/legacy/session-store.ts';
import { ListenStreams } from './mcp/modern/listen-streams.ts';
import { AccessLog } from './observe/access-log.ts';
import { type LineDestination, openDestination } from './observe/destination.ts';
import { createLog, type RootLog } from './observe/log.ts';
import { Metrics } from './observe/metrics.ts';
import { TrafficObserver } from './observe/traffic-observer.ts';
import type { OpsSource, OpsStatus } from './ops/ops-source.ts';
import { type PrepareContext, type PreparedGeneration, prepareGeneration } from './prepare.ts';
import { Generations } from './reload/generations.ts';
import { NotStarted } from './reload/not-started.ts';
import { reloadFields } from './reload/reload-fields.ts';
import type { ReloadResult } from './reload/reload-result.ts';
import { Reloader } from './reload/reloader.ts';
import { Watcher } from './reload/watcher.ts';
import { Sealer } from './sealing/sealer.ts';
import type { UpstreamContext } from './upstream/context.ts';

export interface GatewayOptions {
  /** The configuration's main file. */
  readonly file: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  /** File descriptor or path that log lines go to; standard error by default. */
  readonly logTo?: number | string;
  /** The only server, which {@link Gateway.serveStdio} serves; no listener is bound. */
  readonly stdio?: string;
}

/** The two ends of a client that started the process. */
export interface Pipes {
  readonly input: Readable;
  readonly output: Writable;
  /** An API key or access token for the server, where it has identities. */
  readonly token: string | undefined;
}

export interface Endpoint {
  readonly server: string;
  readonly url: string;
  /** Whether it may be called without a token. */
  readonly anonymous: boolean;
}

/** Used until the first graph is loaded. */
const INITIAL_LOG: TelemetryNode['log'] = { level: 'info', format: 'json', access: false };

/** Bounds until the first graph is served. */
const NO_ROOM = { idleMs: 0, absoluteMs: 0, max: 0, maxPerPrincipal: 0 };

const NO_GENERATION: GenerationView = {
  number: 0,
  artifactHash: '',
  effectiveHash: '',
  get graph(): Graph {
    throw new Error('no graph is served yet');
  },
  listener: () => undefined,
  acquire: () => undefined,
  release: () => undefined,
};

/** A gateway while it runs. */
export class Gateway {
  readonly #options: GatewayOptions;
  readonly #destination: LineDestination;
  readonly #log: RootLog;
  readonly #metrics: Metrics;
  readonly #observer: TrafficObserver;
  readonly #accessLog: AccessLog;
  readonly #generations = new Generations();
  readonly #sessions: SessionStore;
  readonly #parked = new ParkedCalls(NO_ROOM);
  readonly #channels = new EventStreamChannels(NO_ROOM);
  readonly #listens = new ListenStreams();
  readonly #sealer = new Sealer();
  readonly #live: LiveObjects;
  readonly #reloader: Reloader<PreparedGeneration>;
  readonly #watcher: Watcher;
  readonly #startedAt = new Date().toISOString();
  #serving: PreparedGeneration | undefined;
  #stdio: StdioChannel | undefined;
  #numbers = 0;
  #closing: Promise<void> | undefined;

  constructor(options: GatewayOptions) {
    this.#options = options;
    this.#destination = openDestination(options.logTo ?? 2);
    this.#log = createLog(INITIAL_LOG, this.#destination);
    this.#metrics = new Metrics(options.version);
    this.#accessLog = new AccessLog(INITIAL_LOG.format, this.#destination);
    this.#observer = new TrafficObserver(this.#metrics, this.#log);
    this.#sessions = new SessionStore({ ...NO_ROOM, parked: NO_ROOM });
    this.#live = new LiveObjects(
      this.#log,
      this.#observer satisfies ListenerObserver,
      this.#upstreamContext(),
    );
    this.#watcher = new Watcher({
      onChange: () => void this.#reloader.reload('watch'),
      onSettling: () => this.#reloader.settling(),
      onError: (error) => this.#log.warn('watching failed, trying again', { error }),
    });
    this.#reloader = new Reloader<PreparedGeneration>({
      file: options.file,
      env: options.env,
      prepare: (loaded) => prepareGeneration(this.#prepareContext(), loaded, this.#numbers + 1),
      swap: (prepared) => this.#swap(prepared),
      onResult: (result) => this.#tell(result),
      onFiles: (files) => {
        if (this.#serving?.generation.graph.reload.watch !== false) void this.#watcher.watch(files);
      },
    });
    this.#metrics.sources = this.#metricsSources();
  }

  /** Loads and listens. Rejects with {@link NotStarted} if there is nothing to serve. */
  async start(): Promise<void> {
    const result = await this.#reloader.reload('start');
    if (result.result === 'applied') return;
    await this.close(0);
    throw new NotStarted(result);
  }

  /** Loads the files as they are now; resolves when the attempt is over. */
  reload(cause: 'signal' | 'request' = 'request'): Promise<ReloadResult> {
    return this.#reloader.reload(cause);
  }

  /** The last attempt to load. */
  get lastReload(): ReloadResult | undefined {
    return this.#reloader.last;
  }

  /**
   * Serves the server of the option `stdio` over pipes. Resolves when the client has left; rejects with a GatewayError
   * if its token does not open the server. `close` lets calls in flight finish.
   */
  async serveStdio(pipes: Pipes): Promise<void> {
    this.#stdio = await StdioChannel.open({
      ...pipes,
      place: () => this.#serving!.stdio!,
      context: { observer: this.#observer, current: () => this.#generations.current },
    });
    await this.#stdio.ended;
  }

  /** Writes out the log lines that are held. */
  flushLog(): void {
    this.#destination.flushSync();
  }

  /** Where servers are found. */
  get endpoints(): readonly Endpoint[] {
    const { servers, listeners } = this.#serving!;
    return [...servers.values()].flatMap(({ node }) =>
      node.at.map(({ listener, path }) => ({
        server: node.name,
        url: listeners.get(listener)!.listener.url + path,
        anonymous: node.anonymous,
      })),
    );
  }

  /** Where operations are served, if anywhere. */
  get opsUrl(): string | undefined {
    const { generation, listeners } = this.#serving!;
    const ops = Object.values(generation.graph.listeners).find(({ serve }) => serve.length > 0);
    return ops === undefined ? undefined : listeners.get(ops.name)!.listener.url;
  }

  /**
   * Ends in order: no new connections, streams get their results, calls in flight finish, then sessions, processes
   * and logs. What is open at the deadline (by default the configuration's) is cut. Idempotent.
   */
  close(deadlineMs?: number): Promise<void> {
    this.#closing ??= this.#close(deadlineMs);
    return this.#closing;
  }

  async #close(givenDeadlineMs: number | undefined): Promise<void> {
    const bounds = this.#serving?.generation.graph.shutdown;
    const deadlineMs = givenDeadlineMs ?? bounds?.deadlineMs ?? 0;
    await this.#watcher.close();
    await this.#reloader.close();
    this.#listens.endAll();
    const windowMs = Math.min(bounds?.windowMs ?? 0, deadlineMs);
    const listeners = [...(this.#serving?.listeners.values() ?? [])];
    this.#sessions.endStreams();
    await this.#stdio?.close(windowMs);
    await Promise.all(
      listeners.map(({ listener }) => listener.close(Math.min(windowMs, IDLE_WINDOW_MS), deadlineMs)),
    );
    this.#parked.close();
    await this.#sessions.close();
    await this.#generations.close(0);
    this.#metrics.close();
    if (this.#serving !== undefined) this.#log.info('stopped');
    this.#destination.flushSync();
  }

  #prepareContext(): PrepareContext {
    return {
      version: this.#options.version,
      live: this.#live,
      log: this.#log,
      metrics: this.#metrics,
      sessions: this.#sessions,
      parked: this.#parked,
      listens: this.#listens,
      sealer: this.#sealer,
      ops: this.#opsSource(),
      observer: this.#observer,
      channels: this.#channels,
      stdio: this.#options.stdio,
      current: () => (this.#generations.hasCurrent ? this.#generations.current : NO_GENERATION),
    };
  }

  #swap(prepared: PreparedGeneration): void {
    const { generation, servers, listeners } = prepared;
    const { graph } = generation;
    const { drain, maxGenerations } = graph.reload;
    this.#numbers = generation.number;
    this.#serving = prepared;
    this.#log.configure(graph.telemetry.log);
    this.#accessLog.configure(graph.telemetry.log.format);
    this.#observer.accessLog = graph.telemetry.log.access ? this.#accessLog : undefined;
    this.#sealer.rekey(graph.sealing.keys);
    this.#sessions.rebound(this.#sessionBounds(graph));
    this.#channels.rebound(graph.sessions);
    this.#parked.rebound(graph.sessions.parked);
    for (const [name, { listener }] of listeners) listener.renew(graph.listeners[name]!);
    this.#generations.swap(generation, { ...drain, maxGenerations });
    const fingerprints = new Map([...servers].map(([name, server]) => [name, server.fingerprint]));
    this.#listens.afterSwap(fingerprints, drain.windowMs);
    this.#sessions.afterSwap(servers, drain.windowMs);
  }

  /** Over pipes there is one client, who has its session for as long as the process. */
  #sessionBounds({ sessions }: Graph): SessionsNode {
    return this.#options.stdio === undefined
      ? sessions
      : { ...sessions, absoluteMs: Number.POSITIVE_INFINITY };
  }

  /** What goes wrong at the start is told by {@link NotStarted} alone. */
  #tell(result: ReloadResult): void {
    this.#metrics.reload.reloaded(result);
    const fields = reloadFields(result);
    if (result.result === 'applied' || result.result === 'unchanged')
      this.#log.info(`configuration ${result.result}`, fields);
    else if (this.#serving !== undefined)
      this.#log.error(`configuration ${result.result}: the running one serves on`, fields);
  }

  #upstreamContext(): UpstreamContext {
    return {
      log: (level, message, fields) => this.#log[level](message, fields),
      observer: {
        onBreaker: (upstream, state) => this.#log.warn('breaker changed', { upstream, state }),
        onRetry: (upstream, condition) => this.#metrics.upstreamRetry(upstream, condition),
        onProcess: (upstream, event) => this.#metrics.upstreamProcess(upstream, event),
      },
      baseDirectory: dirname(resolve(this.#options.file)),
      gateway: { name: 'gatewright', version: this.#options.version },
    };
  }

  #metricsSources(): NonNullable<Metrics['sources']> {
    return {
      upstreams: () =>
        [...this.#live.running()].map(([name, upstream]) => {
          const { breaker, inFlight, processes } = upstream.state();
          return { name, breaker, inFlight, processes: processes.length };
        }),
      sessions: () => this.#sessions.size,
      generations: () => ({
        active: this.#generations.hasCurrent ? 1 : 0,
        draining: this.#generations.draining.length,
      }),
      generationRequests: () =>
        [
          ...this.#generations.draining,
          ...(this.#generations.hasCurrent ? [this.#generations.current] : []),
        ].map(({ number, requests }) => [number, requests] as const),
    };
  }

  #opsSource(): OpsSource {
    return {
      status: () => this.#status(),
      ready: () => ({
        ready: this.#closing === undefined && this.#serving !== undefined,
        detail: {
          lastReload: this.#reloader.last?.result ?? 'none',
          draining: this.#generations.draining.length,
        },
      }),
      reload: () => this.#reloader.reload('request'),
      metrics: () => this.#metrics.text(),
    };
  }

  #status(): OpsStatus {
    const { generation, listeners } = this.#serving!;
    const { last } = this.#reloader;
    return {
      version: this.#options.version,
      artifactHash: generation.artifactHash,
      effectiveHash: generation.effectiveHash,
      generation: generation.number,
      startedAt: this.#startedAt,
      ...(last === undefined ? undefined : { lastReload: last }),
      listeners: [...listeners].map(([name, { listener }]) => ({ name, url: listener.url })),
      upstreams: Object.fromEntries(
        [...this.#live.running()].map(([name, upstream]) => [name, upstream.state()]),
      ),
      sessions: this.#sessions.size,
    };
  }
}

/** Idle connections may still send for this long after the end has begun. */
const IDLE_WINDOW_MS = 500;

/** Starts a gateway, or rejects with {@link NotStarted} and leaves nothing behind. */
export const startGateway = async (options: GatewayOptions): Promise<Gateway> => {
  const gateway = new Gateway(options);
  await gateway.start();
  return gateway;
};

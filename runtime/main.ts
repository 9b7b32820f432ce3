/** A running gateway: load, listen, reload, end. What outlives a generation is made here, once. */
import { dirname, resolve } from 'node:path';
import { type LineDestination, openDestination } from './observe/destination.ts';
import { createLog, type RootLog } from './observe/log.ts';
import { Metrics } from './observe/metrics.ts';
import type { OpsSource, OpsStatus } from './ops/ops-source.ts';
import type { PreparedGeneration } from './prepare.ts';
import { NotStarted } from './reload/not-started.ts';
import { reloadFields } from './reload/reload-fields.ts';
import type { ReloadResult } from './reload/reload-result.ts';
import { Reloader } from './reload/reloader.ts';
import { Watcher } from './reload/watcher.ts';
import { INITIAL_LOG, type Pipes, Serving } from './serving.ts';

export interface GatewayOptions {
  /** The configuration's main file. */
  readonly file: string;
  /** Files laid over it, the later over the earlier. */
  readonly overlays?: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  /** File descriptor or path that log lines go to; standard error by default. */
  readonly logTo?: number | string;
  /** The only server, which {@link Gateway.serveStdio} serves; no listener is bound. */
  readonly stdio?: string;
}

export interface Endpoint {
  readonly server: string;
  readonly url: string;
  /** Whether it may be called without a token. */
  readonly anonymous: boolean;
}

/** A gateway while it runs. */
export class Gateway {
  readonly #options: GatewayOptions;
  readonly #destination: LineDestination;
  readonly #log: RootLog;
  readonly #metrics: Metrics;
  readonly #serving: Serving;
  readonly #reloader: Reloader<PreparedGeneration>;
  readonly #watcher: Watcher;
  readonly #startedAt = new Date().toISOString();
  #closing: Promise<void> | undefined;

  constructor(options: GatewayOptions) {
    this.#options = options;
    this.#destination = openDestination(options.logTo ?? 2);
    this.#log = createLog(INITIAL_LOG, this.#destination);
    this.#metrics = new Metrics(options.version);
    this.#serving = new Serving({
      version: options.version,
      baseDirectory: dirname(resolve(options.file)),
      destination: this.#destination,
      log: this.#log,
      metrics: this.#metrics,
      ops: this.#opsSource(),
      stdio: options.stdio,
    });
    this.#watcher = new Watcher({
      onChange: () => void this.#reloader.reload('watch'),
      onSettling: () => this.#reloader.settling(),
      onError: (error) => this.#log.warn('watching failed, trying again', { error }),
    });
    this.#reloader = new Reloader<PreparedGeneration>({
      file: options.file,
      overlays: options.overlays ?? [],
      env: options.env,
      prepare: (loaded) => this.#serving.prepare(loaded),
      swap: (prepared) => this.#serving.swap(prepared),
      onResult: (result) => this.#tell(result),
      onFiles: (files) => {
        if (this.#serving.current?.generation.graph.reload.watch !== false) void this.#watcher.watch(files);
      },
    });
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

  /** As {@link Serving.serveStdio}. */
  serveStdio(pipes: Pipes): Promise<void> {
    return this.#serving.serveStdio(pipes);
  }

  /** Writes out the log lines that are held. */
  flushLog(): void {
    this.#destination.flushSync();
  }

  /** Where servers are found. */
  get endpoints(): readonly Endpoint[] {
    const { servers, listeners } = this.#serving.current!;
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
    const { generation, listeners } = this.#serving.current!;
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
    const bounds = this.#serving.current?.generation.graph.shutdown;
    const deadlineMs = givenDeadlineMs ?? bounds?.deadlineMs ?? 0;
    await this.#watcher.close();
    await this.#reloader.close();
    await this.#serving.close(Math.min(bounds?.windowMs ?? 0, deadlineMs), deadlineMs);
    this.#metrics.close();
    if (this.#serving.current !== undefined) this.#log.info('stopped');
    this.#destination.flushSync();
  }

  /** What goes wrong at the start is told by {@link NotStarted} alone. */
  #tell(result: ReloadResult): void {
    this.#metrics.reload.reloaded(result);
    const fields = reloadFields(result);
    if (result.result === 'applied' || result.result === 'unchanged')
      this.#log.info(`configuration ${result.result}`, fields);
    else if (this.#serving.current !== undefined)
      this.#log.error(`configuration ${result.result}: the running one serves on`, fields);
  }

  #opsSource(): OpsSource {
    return {
      status: () => this.#status(),
      ready: () => ({
        ready: this.#closing === undefined && this.#serving.current !== undefined,
        detail: {
          lastReload: this.#reloader.last?.result ?? 'none',
          draining: this.#serving.draining,
        },
      }),
      reload: () => this.#reloader.reload('request'),
      metrics: () => this.#metrics.text(),
    };
  }

  #status(): OpsStatus {
    const { generation, listeners } = this.#serving.current!;
    const { last } = this.#reloader;
    return {
      version: this.#options.version,
      artifactHash: generation.artifactHash,
      effectiveHash: generation.effectiveHash,
      generation: generation.number,
      startedAt: this.#startedAt,
      ...(last === undefined ? undefined : { lastReload: last }),
      listeners: [...listeners].map(([name, { listener }]) => ({ name, url: listener.url })),
      upstreams: this.#serving.upstreams,
      sessions: this.#serving.sessions,
    };
  }
}

/** Starts a gateway, or rejects with {@link NotStarted} and leaves nothing behind. */
export const startGateway = async (options: GatewayOptions): Promise<Gateway> => {
  const gateway = new Gateway(options);
  await gateway.start();
  return gateway;
};

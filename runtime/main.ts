/** A running gateway: load, listen, reload, end. What outlives a generation is made here, once. */
import { dirname, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { CompiledGraph, Graph } from '../schema/graph/graph.ts';
import { boundsFrom, type EndBounds, endBounds, LOG_MS } from './end-bounds.ts';
import type { GatewayOptions } from './gateway-options.ts';
import { type LineDestination, openDestination } from './observe/destination.ts';
import { createLog, type RootLog } from './observe/log.ts';
import { Metrics } from './observe/metrics.ts';
import { openElsewhere } from './open-elsewhere.ts';
import { AcceptedArtifacts } from './reload/accepted-artifacts.ts';
import type { AcceptedArtifact } from './reload/compile.ts';
import { Compiler } from './reload/compiler.ts';
import type { Elsewhere } from './reload/elsewhere/elsewhere.ts';
import { NotStarted } from './reload/not-started.ts';
import { reloadFields } from './reload/reload-fields.ts';
import type { ReloadResult } from './reload/reload-result.ts';
import { Reloader } from './reload/reloader.ts';
import { Watcher } from './reload/watcher.ts';
import { opsSourceOf, type Running } from './running-ops.ts';
import { Serving } from './serving.ts';
import { INITIAL_LOG, type Pipes } from './serving-options.ts';
import { type PreparedTeam, Team } from './workers/team.ts';

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
  readonly #team: Team;
  readonly #reloader: Reloader<PreparedTeam>;
  readonly #watcher: Watcher;
  readonly #elsewhere: Elsewhere | undefined;
  readonly #accepted: AcceptedArtifacts | undefined;
  readonly #startedAt = new Date().toISOString();
  /** What serves now. */
  #graph: Graph | undefined;
  /** Makes the artifact of that. */
  #artifact: ((version: string) => AcceptedArtifact | undefined) | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: GatewayOptions) {
    this.#options = options;
    this.#destination = openDestination(options.logTo ?? 2);
    this.#log = createLog(INITIAL_LOG, this.#destination);
    this.#metrics = new Metrics(options.version);
    this.#serving = new Serving({
      version: options.version,
      baseDirectory: this.#baseDirectory,
      destination: this.#destination,
      log: this.#log,
      metrics: this.#metrics,
      ops: opsSourceOf(() => this.#running()),
      stdio: options.stdio,
    });
    this.#team = this.#createTeam();
    this.#watcher = new Watcher({
      onChange: () => void this.#reloader.reload('watch'),
      onSettling: () => this.#reloader.settling(),
      onError: (error) => this.#log.warn('watching failed, trying again', { error }),
    });
    this.#elsewhere = this.#openElsewhere();
    this.#accepted = this.#openState();
    this.#reloader = new Reloader<PreparedTeam>({
      file: options.file,
      elsewhere: this.#elsewhere,
      overlays: options.overlays ?? [],
      trust: options.trust,
      env: options.env,
      compiler: new Compiler(options.version),
      fallback: () => this.#lastGood(),
      onAccepted: (artifact) => this.#keep(artifact),
      prepare: (loaded) => this.#team.prepare(loaded),
      discard: (prepared) => this.#team.discard(prepared),
      swap: async (prepared) => {
        await this.#team.swap(prepared);
        this.#graph = prepared.graph;
      },
      onResult: (result) => this.#tell(result),
      onFiles: (files) =>
        void (this.#graph?.reload.watch === false ? this.#watcher.rest() : this.#watcher.watch(files)),
    });
  }

  /** Loads and listens. Rejects with {@link NotStarted} if there is nothing to serve. */
  async start(): Promise<void> {
    const result = await this.#reloader.reload('start');
    if (result.result === 'applied') {
      this.#elsewhere?.start();
      return;
    }
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

  /** Writes out the log lines that are held, or, after the time, drops what a reader has not taken. */
  flushLog(withinMs?: number): void {
    this.#destination.flushSync(withinMs);
  }

  /** Where servers are found. */
  get endpoints(): readonly Endpoint[] {
    const { urls } = this.#team;
    return Object.values(this.#graph!.servers).flatMap(({ name, at, anonymous }) =>
      at.map(({ listener, path }) => ({ server: name, url: urls.get(listener)! + path, anonymous })),
    );
  }

  /** Where operations are served, if anywhere. */
  get opsUrl(): string | undefined {
    const ops = Object.values(this.#graph!.listeners).find(({ serve }) => serve.length > 0);
    return ops === undefined ? undefined : this.#team.urls.get(ops.name);
  }

  /**
   * Ends in order: no new connections, streams get their results, calls in flight finish, then sessions, processes
   * and logs. What is open at the deadline (by default a little before the configuration's) is cut, and before the
   * configuration's it resolves, whatever may hang. Idempotent.
   */
  close(deadlineMs?: number): Promise<void> {
    this.#closing ??= this.#close(deadlineMs);
    return this.#closing;
  }

  async #close(givenDeadlineMs: number | undefined): Promise<void> {
    const startedMs = performance.now();
    const bounds = endBounds(this.#graph?.shutdown, givenDeadlineMs);
    // What is being prepared may hang, as on a process that says nothing; it ends with this one then.
    const waiting = new AbortController();
    const end = delay(bounds.endMs, undefined, waiting).catch(() => undefined);
    await Promise.race([this.#endInOrder(bounds), end]);
    waiting.abort();
    this.#metrics.close();
    if (this.#graph !== undefined) this.#log.info('stopped');
    const { logMs } = boundsFrom(bounds, performance.now() - startedMs);
    await this.#writeLog(Math.min(LOG_MS, logMs));
  }

  /** Nothing else may be left that holds the process while the reader is waited for. */
  async #writeLog(withinMs: number): Promise<void> {
    const waiting = new AbortController();
    const late = delay(withinMs, undefined, waiting).catch(() => undefined);
    await Promise.race([this.#destination.settled?.(), late]);
    waiting.abort();
    this.#destination.flushSync(0);
  }

  async #endInOrder(bounds: EndBounds): Promise<void> {
    const reloading = this.#reloader.close();
    await Promise.all([this.#watcher.close(), this.#elsewhere?.close(), this.#team.close(bounds)]);
    await reloading;
    await this.#accepted?.close();
  }

  /** What paths of the configuration are relative to. */
  get #baseDirectory(): string {
    const { file, elsewhere } = this.#options;
    return elsewhere?.baseDirectory ?? dirname(resolve(file));
  }

  #openElsewhere(): Elsewhere | undefined {
    const { elsewhere, trust } = this.#options;
    if (elsewhere === undefined) return undefined;
    return openElsewhere(elsewhere, trust, {
      log: this.#log,
      metrics: this.#metrics,
      graph: () => this.#graph,
      onChange: () => void this.#reloader.reload('watch'),
    });
  }

  #openState(): AcceptedArtifacts | undefined {
    const { state, trust } = this.#options;
    if (state === undefined) return undefined;
    return new AcceptedArtifacts({
      folder: resolve(state.folder),
      count: state.count,
      trust,
      onFailure: (error) => {
        this.#metrics.reload.notKept();
        this.#log.error('the accepted configuration could not be kept', { folder: state.folder, error });
      },
    });
  }

  #keep(artifact: (version: string) => AcceptedArtifact | undefined): void {
    this.#artifact = artifact;
    const made = this.#accepted && artifact(this.#options.version);
    if (made !== undefined) this.#accepted!.keep(made, Date.now());
  }

  #lastGood(): CompiledGraph | undefined {
    if (this.#options.state?.startFromLast !== true) return undefined;
    const last = this.#accepted!.last();
    if (last.compiled === undefined)
      this.#log.error('there is no last good configuration to start from', { problem: last.problem });
    return last.compiled;
  }

  /** What goes wrong at the start is told by {@link NotStarted} alone. */
  #tell(result: ReloadResult): void {
    this.#metrics.reload.reloaded(result);
    const fields = reloadFields(result);
    if (result.isFallback && result.cause === 'start')
      this.#log.error('the configuration has errors: the last good one serves', fields);
    else if (result.result === 'applied' || result.result === 'unchanged')
      this.#log.info(`configuration ${result.result}`, fields);
    else if (this.#graph !== undefined)
      this.#log.error(`configuration ${result.result}: the running one serves on`, fields);
  }

  #createTeam(): Team {
    const { version, stdio } = this.#options;
    const team = new Team({
      serving: this.#serving,
      alone: stdio !== undefined,
      version,
      baseDirectory: this.#baseDirectory,
      log: this.#log,
      onLines: (lines) => this.#destination.write(lines),
      onRestart: () => this.#metrics.workerRestarted(),
    });
    this.#metrics.sources = {
      upstreams: () => Object.entries(team.upstreams),
      pinned: () => Object.entries(team.pinned),
      fills: () => team.fills,
      sessions: () => team.sessions,
      revocationsAgeMs: () => team.revocationsAgeMs,
      lags: () => team.lags,
      generations: () => ({ active: this.#graph === undefined ? 0 : 1, draining: team.draining }),
      generationRequests: () => team.generationRequests,
    };
    return team;
  }

  #running(): Running {
    return {
      version: this.#options.version,
      startedAt: this.#startedAt,
      team: this.#team,
      serving: this.#serving,
      reloader: this.#reloader,
      elsewhere: this.#elsewhere,
      metrics: this.#metrics,
      log: this.#log,
      artifact: this.#artifact,
      isReady: this.#closing === undefined && this.#graph !== undefined,
    };
  }
}

/** Starts a gateway, or rejects with {@link NotStarted} and leaves nothing behind. */
export const startGateway = async (options: GatewayOptions): Promise<Gateway> => {
  const gateway = new Gateway(options);
  await gateway.start();
  return gateway;
};

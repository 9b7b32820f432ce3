/** Whoever serves: the process alone, or threads for the traffic beside it for the operations. */
import { availableParallelism } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import { canonicalJson } from '../../schema/canonical-json.ts';
import type { Graph } from '../../schema/graph/graph.ts';
import { boundsFrom, type EndBounds } from '../end-bounds.ts';
import type { PinDifference } from '../mcp/pin.ts';
import type { LateMs } from '../observe/event-loop-lag.ts';
import type { PreparedGeneration } from '../prepare.ts';
import { NeedsRestart } from '../reload/needs-restart.ts';
import type { LoadedGraph } from '../reload/reloader.ts';
import type { Serving } from '../serving.ts';
import type { Statement } from '../state/stored-table.ts';
import { type Fill, type KeyedLimitNode, readFills } from '../traffic/fill.ts';
import type { PressureReason } from '../traffic/pressure.ts';
import type { UpstreamState } from '../upstream/link.ts';
import { type LimitState, limitStates } from './limit-states.ts';
import { mergePinned } from './merge-pinned.ts';
import { mergeUpstreams } from './merge-upstreams.ts';
import type { WorkerState } from './messages.ts';
import { type PoolOptions, WorkerPool } from './pool.ts';
import type { PreparedPool } from './prepare-on.ts';
import { type Reading, SharedReading } from './shared-reading.ts';
import { operationsOf, trafficOf } from './split.ts';

/** A graph that all who serve have prepared. */
export interface PreparedTeam {
  readonly graph: Graph;
  readonly own: PreparedGeneration;
  readonly pool: PreparedPool | undefined;
}

interface TeamOptions extends Omit<PoolOptions, 'count' | 'revoked'> {
  readonly serving: Serving;
  /** Whether nothing is served but over pipes, by one thread. */
  readonly alone: boolean;
}

/** What is to be asked of all who serve. */
interface Told {
  readonly states: readonly WorkerState[];
  readonly fills: Readonly<Record<string, Fill>>;
}

const countOf = ({ workers = 1 }: Graph): number => (workers === 'auto' ? availableParallelism() : workers);

export class Team {
  readonly #options: TeamOptions;
  #pool: WorkerPool | undefined;
  #count: number | undefined;
  /** The store that all reach, as it was at the start. */
  #state: string | undefined;
  #told: Told = { states: [], fills: {} };
  readonly #reading = new SharedReading(() => this.#ask());
  /** What serves, whoever serves which part of it. */
  #graph: Graph | undefined;

  constructor(options: TeamOptions) {
    this.#options = options;
  }

  /**
   * Has all prepare a graph, or none. Rejects with {@link NeedsRestart} where the number of threads or the store
   * changes.
   */
  async prepare(loaded: LoadedGraph): Promise<PreparedTeam> {
    const { serving, alone, ...options } = this.#options;
    const count = alone ? 1 : countOf(loaded.graph);
    const { graph } = loaded;
    const state = canonicalJson(graph.state ?? null);
    const fixed = [
      ...(this.#count !== undefined && count !== this.#count ? ['workers'] : []),
      ...(this.#state !== undefined && state !== this.#state ? ['state'] : []),
    ];
    if (fixed.length > 0) throw new NeedsRestart(fixed);
    if (count === 1) return { graph, own: await serving.prepare(loaded), pool: undefined };
    this.#pool ??= new WorkerPool({ ...options, count, revoked: () => serving.revocations.statements });
    const own = await serving.prepare(operationsOf(loaded));
    try {
      return { graph, own, pool: await this.#pool.prepare(trafficOf(loaded)) };
    } catch (thrown) {
      await own.generation.retire(0);
      throw thrown;
    }
  }

  /** Gives back what was prepared and shall not serve. */
  async discard({ own, pool }: PreparedTeam): Promise<void> {
    await own.generation.retire(0);
    if (pool !== undefined) await this.#pool!.discard();
  }

  /** From here on all serve what was prepared. */
  async swap({ graph, own, pool }: PreparedTeam): Promise<void> {
    this.#state ??= canonicalJson(graph.state ?? null);
    this.#count ??= this.#options.alone ? 1 : countOf(graph);
    if (pool !== undefined) await this.#pool!.swap(pool);
    this.#options.serving.swap(own);
    this.#graph = graph;
  }

  /** Where each listener is bound, by name. */
  get urls(): ReadonlyMap<string, string> {
    const { current } = this.#options.serving;
    const own = [...(current?.listeners ?? [])].map(([name, { listener }]) => [name, listener.url] as const);
    const threads = Object.entries(this.#pool?.bound ?? {}).map(([name, { url }]) => [name, url] as const);
    return new Map([...own, ...threads]);
  }

  /** Threads that take traffic, as they should be and as they are. */
  get workers(): { readonly wanted: number; readonly running: number } {
    return { wanted: this.#count ?? 1, running: this.#pool?.running ?? 1 };
  }

  /** Why new work is refused by any thread, and whether all refuse it. */
  get pressure(): { readonly reasons: readonly PressureReason[]; readonly everywhere: boolean } {
    const each = this.#pool?.pressure ?? [this.#options.serving.pressure];
    return {
      reasons: [...new Set(each.flat())].sort(),
      everywhere: each.length > 0 && each.every((reasons) => reasons.length > 0),
    };
  }

  /** Asks the threads what the getters below tell. */
  async refresh(): Promise<void> {
    this.#told = await this.#reading.value();
  }

  async #ask(): Promise<Reading<Told>> {
    const states = (await this.#pool?.states()) ?? [];
    const { limits = {}, tenants = {} } = this.#graph ?? {};
    const filled = (node: KeyedLimitNode) => (this.#pool ?? this.#options.serving).filled(node);
    let isDear = false;
    const rest = () => {
      isDear = true;
      return setImmediate();
    };
    const fills = await readFills(limits, Object.keys(tenants), filled, rest);
    return { value: { states, fills }, isDear };
  }

  get upstreams(): Readonly<Record<string, UpstreamState>> {
    return mergeUpstreams([
      this.#options.serving.upstreams,
      ...this.#told.states.map(({ upstreams }) => upstreams),
    ]);
  }

  /** By upstream, of those that are pinned: what any thread was offered otherwise than it is locked. */
  get pinned(): Readonly<Record<string, readonly PinDifference[]>> {
    return mergePinned([this.#options.serving.pinned, ...this.#told.states.map(({ pinned }) => pinned)]);
  }

  /** How full limits are, by name: of those that a store counts, as far as they were seen here. */
  get fills(): Readonly<Record<string, Fill>> {
    return this.#told.fills;
  }

  /** Of all threads, by name. */
  get limits(): Readonly<Record<string, LimitState>> {
    const each = [this.#options.serving, ...this.#told.states];
    return limitStates(this.#graph?.limits ?? {}, {
      places: each.flatMap(({ places }) => places),
      refused: each.map(({ refused }) => refused),
      fills: this.#told.fills,
      inStore: this.#graph?.state !== undefined,
    });
  }

  get sessions(): number {
    return this.#told.states.reduce((sum, { sessions }) => sum + sessions, this.#options.serving.sessions);
  }

  /** As the one of them has it that read the store the longest ago; undefined without a store. */
  get revocationsAgeMs(): number | undefined {
    const ages = [
      this.#options.serving.revocations.ageMs,
      ...this.#told.states.map(({ revocationsAgeMs }) => revocationsAgeMs),
    ].filter((age) => age !== undefined);
    return ages.length === 0 ? undefined : Math.max(...ages);
  }

  get draining(): number {
    return Math.max(this.#options.serving.draining, ...this.#told.states.map(({ draining }) => draining));
  }

  get generationRequests(): Iterable<readonly [generation: number, requests: number]> {
    const sums = new Map<number, number>();
    for (const pairs of [
      this.#options.serving.generationRequests,
      ...this.#told.states.map((state) => state.generationRequests),
    ])
      for (const [number, requests] of pairs) sums.set(number, (sums.get(number) ?? 0) + requests);
    return sums;
  }

  /** How late timers of the threads beside this one are. */
  get lags(): readonly LateMs[] {
    return this.#told.states.map(({ lateMs }) => lateMs);
  }

  /** What the threads have counted, those that have ended too. */
  get counts(): readonly string[] {
    return [...this.#told.states.map(({ metrics }) => metrics), ...(this.#pool?.retired ?? [])];
  }

  /** Resolves when it holds in all threads beside this one. */
  async revoke(statements: readonly Statement[]): Promise<void> {
    await this.#pool?.revoke(statements);
  }

  /** Ends all. Operations are served until the traffic has ended. */
  async close(bounds: EndBounds): Promise<void> {
    const startedMs = performance.now();
    await this.#pool?.close(bounds);
    await this.#options.serving.close(boundsFrom(bounds, performance.now() - startedMs));
  }
}

import type { Exchange } from '../listen/exchange.ts';
import type { ConnectionRefusal } from '../listen/observer.ts';
import { RecentRefusals } from '../traffic/recent-refusals.ts';
import type { EventLoopLag } from './event-loop-lag.ts';
import { FillMetrics, type HeldPlaces, LimitMetrics } from './limit-metrics.ts';
import { mergeMetrics } from './merge-metrics.ts';
import { methodLabel } from './method-label.ts';
import { CounterFamily, GaugeFamily, HistogramFamily } from './metric-family.ts';
import type { MetricsSources } from './metrics-sources.ts';
import { PeerMetrics } from './peer-metrics.ts';
import { PressureMetrics } from './pressure-metrics.ts';
import { ProcessMetrics } from './process-metrics.ts';
import { ReloadMetrics } from './reload-metrics.ts';
import type { SourceMetrics } from './source-metrics.ts';
import { StageMetrics } from './stage-metrics.ts';
import { ToolMetrics } from './tool-metrics.ts';
import { UpstreamMetrics } from './upstream-metrics.ts';

/** From a millisecond to the longest call; seconds. */
const DURATION_BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

const PINNED_KINDS = ['tools', 'prompts', 'resourceTemplates', 'instructions'] as const;

/** Everything that is counted. Names begin with `gatewright_`; no label's values are up to a caller. */
export class Metrics {
  readonly #requests = new CounterFamily({
    name: 'gatewright_requests_total',
    help: 'Requests by server, MCP method and outcome.',
    labels: ['server', 'method', 'outcome'],
  });
  readonly #durations = new HistogramFamily(
    {
      name: 'gatewright_request_duration_seconds',
      help: 'Time from the request to the end of its reply, by server and MCP method.',
      labels: ['server', 'method'],
    },
    DURATION_BOUNDS,
  );
  readonly #tools = new ToolMetrics();
  readonly #stages = new StageMetrics();
  readonly #responses = new CounterFamily({
    name: 'gatewright_http_responses_total',
    help: 'Replies by listener and HTTP status; 0 is a client that was gone before its reply.',
    labels: ['listener', 'status'],
  });
  readonly #inFlight = new GaugeFamily({
    name: 'gatewright_requests_in_flight',
    help: 'Requests and streams without an end yet, by listener.',
    labels: ['listener'],
  });
  readonly #denials = new CounterFamily({
    name: 'gatewright_policy_denials_total',
    help: 'Calls that a policy denied, or failed to judge, by policy and reason.',
    labels: ['policy', 'reason'],
  });
  readonly #limits = new LimitMetrics();
  readonly #fills = new FillMetrics();
  readonly #connections = new GaugeFamily({
    name: 'gatewright_connections_open',
    help: 'Open connections, by listener.',
    labels: ['listener'],
  });
  readonly #refused = new CounterFamily({
    name: 'gatewright_connections_refused_total',
    help: 'Connections cut off at accept, by listener and reason.',
    labels: ['listener', 'reason'],
  });
  readonly #badRequests = new CounterFamily({
    name: 'gatewright_bad_requests_total',
    help: 'What came and was not HTTP, or not in time, by listener and status; 0 was not answered.',
    labels: ['listener', 'status'],
  });
  readonly #upstreamRequests = new CounterFamily({
    name: 'gatewright_upstream_requests_total',
    help: 'Requests to upstreams by upstream and outcome.',
    labels: ['upstream', 'outcome'],
  });
  readonly #upstreamRetries = new CounterFamily({
    name: 'gatewright_upstream_retries_total',
    help: 'Attempts after the first, by upstream and condition.',
    labels: ['upstream', 'condition'],
  });
  readonly #processEvents = new CounterFamily({
    name: 'gatewright_upstream_process_events_total',
    help: 'Starts and exits of stdio upstreams, by upstream and event.',
    labels: ['upstream', 'event'],
  });
  readonly #upstreams = new UpstreamMetrics();
  readonly #pinned = new GaugeFamily({
    name: 'gatewright_pinned_differences',
    help: 'What a pinned upstream offers otherwise than it is locked, and is hidden, or no longer offers.',
    labels: ['upstream', 'kind'],
  });
  readonly #sessions = new GaugeFamily({
    name: 'gatewright_sessions',
    help: 'Open sessions of legacy clients.',
    labels: [],
  });
  readonly #revocationsAge = new GaugeFamily({
    name: 'gatewright_revocations_age_seconds',
    help: 'How long ago the store was last read for who is revoked, by the thread that did so the longest ago.',
    labels: [],
  });
  readonly #restarts = new CounterFamily({
    name: 'gatewright_worker_restarts_total',
    help: 'Threads that ended without being told to and were replaced.',
    labels: [],
  });
  readonly #stateUp = new GaugeFamily({
    name: 'gatewright_state_up',
    help: 'Whether the store that replicas share answers; of several threads, for how many.',
    labels: [],
  });
  readonly #process: ProcessMetrics;
  /** Of this thread. */
  readonly refusals = new RecentRefusals();
  readonly peers = new PeerMetrics();
  readonly pressure = new PressureMetrics();
  /** Of configurations and their generations. */
  readonly reload = new ReloadMetrics();
  /** Set where the configuration comes from elsewhere. */
  source: SourceMetrics | undefined;
  /** Of this thread; set once there is something to ask. */
  places: (() => readonly HeldPlaces[]) | undefined;
  /** Set once the parts that it asks exist. */
  sources: MetricsSources | undefined;

  constructor(version: string) {
    this.#process = new ProcessMetrics(version);
    this.#restarts.of();
  }

  exchangeStarted(exchange: Exchange): void {
    this.#inFlight.of(exchange.listener).value += 1;
  }

  exchangeFinished(exchange: Exchange, status: number, durationMs: number): void {
    const { server, method, outcome, target, targetKnown } = exchange.record;
    const label = methodLabel(method);
    this.#inFlight.of(exchange.listener).value -= 1;
    this.#responses.of(exchange.listener, String(status)).value += 1;
    this.#requests.of(server, label, outcome).value += 1;
    this.#durations.of(server, label).observe(durationMs / 1000);
    this.#stages.finished(exchange, durationMs);
    if (targetKnown && method === 'tools/call') this.#tools.finished(server, target, outcome, durationMs);
  }

  /** A peer tells of it. */
  exchangeHandedOver(exchange: Exchange): void {
    this.#inFlight.of(exchange.listener).value -= 1;
    this.peers.handedOver(exchange.listener);
  }

  /** `reason` is `denied`, or `error` where the policy failed and so denied. */
  denied(policy: string, reason: 'denied' | 'error'): void {
    this.#denials.of(policy, reason).value += 1;
  }

  limited(limit: string): void {
    this.#limits.limited(limit);
    this.refusals.add(limit);
  }

  connectionOpened(listener: string): void {
    this.#connections.of(listener).value += 1;
  }

  connectionClosed(listener: string): void {
    this.#connections.of(listener).value -= 1;
  }

  connectionRefused(listener: string, reason: ConnectionRefusal): void {
    this.#refused.of(listener, reason).value += 1;
  }

  badRequest(listener: string, status: number): void {
    this.#badRequests.of(listener, String(status)).value += 1;
  }

  /** `outcome` is `ok` or an error code. */
  upstreamRequest(upstream: string, outcome: string): void {
    this.#upstreamRequests.of(upstream, outcome).value += 1;
  }

  upstreamRetry(upstream: string, condition: string): void {
    this.#upstreamRetries.of(upstream, condition).value += 1;
  }

  upstreamProcess(upstream: string, event: 'started' | 'exited'): void {
    this.#processEvents.of(upstream, event).value += 1;
  }

  stateUp(isUp: boolean): void {
    this.#stateUp.of().value = isUp ? 1 : 0;
  }

  workerRestarted(): void {
    this.#restarts.of().value += 1;
  }

  /** Of this thread. */
  get lag(): EventLoopLag {
    return this.#process.lag;
  }

  /** The scrape: Prometheus text format 0.0.4. `others` is what other threads have counted: their `trafficText`. */
  text(others: readonly string[] = []): string {
    this.#askSources();
    const rest = [
      this.#upstreams,
      this.#fills,
      this.#pinned,
      this.#sessions,
      this.#revocationsAge,
      this.#restarts,
      this.reload,
      ...(this.source === undefined ? [] : [this.source]),
      this.#process,
    ];
    return this.allTrafficText(others) + rest.map((family) => family.text()).join('');
  }

  /** What all threads have counted of their traffic, as one; `others` as in `text`. */
  allTrafficText(others: readonly string[]): string {
    return mergeMetrics([this.trafficText(), ...others]);
  }

  /** What this thread has counted of its traffic. */
  trafficText(): string {
    this.#limits.setPlaces(this.places?.() ?? []);
    return [
      this.#requests,
      this.#durations,
      this.#tools,
      this.#stages,
      this.#responses,
      this.#inFlight,
      this.#denials,
      this.#limits,
      this.#connections,
      this.#refused,
      this.#badRequests,
      this.#upstreamRequests,
      this.#upstreamRetries,
      this.#processEvents,
      this.pressure,
      this.#stateUp,
      this.peers,
    ]
      .map((family) => family.text())
      .join('');
  }

  close(): void {
    this.#process.close();
  }

  #askSources(): void {
    if (this.sources === undefined) return;
    this.#upstreams.set(this.sources.upstreams());
    this.#fills.set(this.sources.fills());
    this.#pinned.clear();
    for (const [upstream, differences] of this.sources.pinned()) {
      for (const kind of PINNED_KINDS)
        this.#pinned.of(upstream, kind).value = differences.filter((each) => each.kind === kind).length;
    }
    this.#sessions.of().value = this.sources.sessions();
    const ageMs = this.sources.revocationsAgeMs();
    if (ageMs !== undefined) this.#revocationsAge.of().value = ageMs / 1000;
    this.#process.otherLags = this.sources.lags();
    this.reload.setGenerations(this.sources.generations(), this.sources.generationRequests());
  }
}

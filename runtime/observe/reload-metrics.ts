import type { ReloadResult } from '../reload/reload-result.ts';
import { CounterFamily, GaugeFamily, HistogramFamily } from './metric-family.ts';

const OUTCOMES = ['applied', 'unchanged', 'rejected', 'failed'] as const;

/** What is told of configurations. */
export class ReloadMetrics {
  readonly #successful = new GaugeFamily({
    name: 'gatewright_config_last_reload_successful',
    help: 'Whether the last attempt to reload was applied or changed nothing.',
    labels: [],
  });
  readonly #timestamp = new GaugeFamily({
    name: 'gatewright_config_last_reload_success_timestamp_seconds',
    help: 'When the running configuration was applied.',
    labels: [],
  });
  readonly #reloads = new CounterFamily({
    name: 'gatewright_config_reloads_total',
    help: 'Attempts to load a configuration by result.',
    labels: ['result'],
  });
  readonly #duration = new HistogramFamily(
    {
      name: 'gatewright_config_reload_duration_seconds',
      help: 'Time from a change that was seen to its result.',
      labels: [],
    },
    [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
  );
  readonly #info = new GaugeFamily({
    name: 'gatewright_config_info',
    help: 'The configuration that serves.',
    labels: ['artifact_hash', 'effective_hash'],
  });
  readonly #fallback = new GaugeFamily({
    name: 'gatewright_config_fallback',
    help: 'Whether the last good configuration of before the start serves, for the files have errors.',
    labels: [],
  });
  readonly #unkept = new CounterFamily({
    name: 'gatewright_config_keep_failures_total',
    help: 'Accepted configurations that could not be kept on disk.',
    labels: [],
  });
  readonly #generations = new GaugeFamily({
    name: 'gatewright_generations',
    help: 'Generations that hold resources.',
    labels: ['state'],
  });
  readonly #requests = new GaugeFamily({
    name: 'gatewright_generation_requests',
    help: 'Requests and streams that a generation holds.',
    labels: ['generation'],
  });

  constructor() {
    for (const outcome of OUTCOMES) this.#reloads.of(outcome);
    this.#unkept.of();
  }

  /** Tells of an attempt. The success timestamp moves only when something was applied. */
  reloaded(result: ReloadResult): void {
    const kept = !result.isFallback && (result.result === 'applied' || result.result === 'unchanged');
    this.#reloads.of(result.result).add();
    this.#successful.of().value = kept ? 1 : 0;
    this.#duration.of().observe(result.durationMs / 1000);
    this.#fallback.of().value = result.isFallback ? 1 : 0;
    if (result.result === 'applied') this.#timestamp.of().value = result.atMs / 1000;
    this.#info.clear();
    this.#info.of(result.artifactHash, result.effectiveHash).value = 1;
  }

  /** Tells of an accepted configuration that could not be kept. */
  notKept(): void {
    this.#unkept.of().add();
  }

  setGenerations(
    counts: { readonly active: number; readonly draining: number },
    requests: Iterable<readonly [generation: number, requests: number]>,
  ): void {
    this.#generations.of('active').value = counts.active;
    this.#generations.of('draining').value = counts.draining;
    this.#requests.clear();
    for (const [generation, held] of requests) this.#requests.of(String(generation)).value = held;
  }

  text(): string {
    return [
      this.#successful,
      this.#timestamp,
      this.#reloads,
      this.#duration,
      this.#info,
      this.#fallback,
      this.#unkept,
      this.#generations,
      this.#requests,
    ]
      .map((family) => family.text())
      .join('');
  }
}

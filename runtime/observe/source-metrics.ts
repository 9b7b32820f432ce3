import type { FetchOutcome } from '../reload/elsewhere/elsewhere.ts';
import { CounterFamily, GaugeFamily } from './metric-family.ts';

const OUTCOMES = ['changed', 'unchanged', 'failed'] as const;

/** What is told of the place that a configuration comes from, where that is not the disk. */
export class SourceMetrics {
  readonly #up = new GaugeFamily({
    name: 'gatewright_config_source_up',
    help: 'Whether the last attempt to fetch the configuration reached its source.',
    labels: [],
  });
  readonly #fetches = new CounterFamily({
    name: 'gatewright_config_source_fetches_total',
    help: 'Attempts to fetch the configuration from its source by outcome.',
    labels: ['outcome'],
  });
  readonly #reachedAt = new GaugeFamily({
    name: 'gatewright_config_source_last_success_timestamp_seconds',
    help: 'When the source of the configuration was last reached.',
    labels: [],
  });

  constructor() {
    for (const outcome of OUTCOMES) this.#fetches.of(outcome);
  }

  fetched(outcome: FetchOutcome, atMs: number): void {
    this.#fetches.of(outcome).add();
    this.#up.of().value = outcome === 'failed' ? 0 : 1;
    if (outcome !== 'failed') this.#reachedAt.of().value = atMs / 1000;
  }

  text(): string {
    return [this.#up, this.#fetches, this.#reachedAt].map((family) => family.text()).join('');
  }
}

import type { Fill } from '../traffic/fill.ts';
import { CounterFamily, GaugeFamily } from './metric-family.ts';

/** Places of a limit on calls at a time. */
export interface HeldPlaces {
  readonly limit: string;
  readonly held: number;
  readonly waiting: number;
}

/** What a thread counts of limits. */
export class LimitMetrics {
  readonly #limited = new CounterFamily({
    name: 'gatewright_limited_total',
    help: 'Calls that a limit refused.',
    labels: ['limit'],
  });
  readonly #placesHeld = new GaugeFamily({
    name: 'gatewright_limit_held',
    help: 'Calls under way that hold a place of a limit on calls at a time.',
    labels: ['limit'],
  });
  readonly #placesWaiting = new GaugeFamily({
    name: 'gatewright_limit_waiting',
    help: 'Calls that wait for a place of a limit on calls at a time.',
    labels: ['limit'],
  });

  limited(limit: string): void {
    this.#limited.of(limit).value += 1;
  }

  /** A limit that changed is there twice while calls that began under the old one are under way. */
  setPlaces(places: readonly HeldPlaces[]): void {
    for (const family of [this.#placesHeld, this.#placesWaiting]) family.clear();
    for (const { limit, held, waiting } of places) {
      this.#placesHeld.of(limit).value += held;
      this.#placesWaiting.of(limit).value += waiting;
    }
  }

  text(): string {
    return this.#limited.text() + this.#placesHeld.text() + this.#placesWaiting.text();
  }
}

/** What all threads count together: by limit alone, for keys are up to callers. */
export class FillMetrics {
  readonly #keys = new GaugeFamily({
    name: 'gatewright_limit_keys',
    help: 'Keys that count now; of limits that a store counts, those that were seen here.',
    labels: ['limit'],
  });
  readonly #fullest = new GaugeFamily({
    name: 'gatewright_limit_fullest_ratio',
    help: 'What the fullest key has taken of all that it may; 1 has nothing left, and above that calls wait.',
    labels: ['limit'],
  });

  set(fills: Readonly<Record<string, Fill>>): void {
    for (const family of [this.#keys, this.#fullest]) family.clear();
    for (const [limit, { keys, fullest }] of Object.entries(fills)) {
      this.#keys.of(limit).value = keys;
      this.#fullest.of(limit).value = fullest[0]?.used ?? 0;
    }
  }

  text(): string {
    return this.#keys.text() + this.#fullest.text();
  }
}

/** What is counted of threads and replicas that hand requests to each other. */
import { CounterFamily, GaugeFamily } from './metric-family.ts';

export class PeerMetrics {
  readonly #handedOver = new CounterFamily({
    name: 'gatewright_handed_over_total',
    help: 'Requests that another thread or replica answered, which counts them as its own.',
    labels: ['listener'],
  });
  readonly #replicas = new GaugeFamily({
    name: 'gatewright_replicas',
    help: 'Replicas that are there, as far as this one knows; of several threads, what all know added up.',
    labels: [],
  });
  readonly #refused = new CounterFamily({
    name: 'gatewright_peers_refused_total',
    help: 'Connections to the port of peers that did not prove to be of one.',
    labels: [],
  });

  handedOver(listener: string): void {
    this.#handedOver.of(listener).value += 1;
  }

  known(replicas: number): void {
    this.#replicas.of().value = replicas;
  }

  refused(): void {
    this.#refused.of().value += 1;
  }

  text(): string {
    return [this.#handedOver, this.#replicas, this.#refused].map((family) => family.text()).join('');
  }
}

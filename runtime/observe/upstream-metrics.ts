import type { UpstreamState } from '../upstream/link.ts';
import { GaugeFamily } from './metric-family.ts';

const BREAKER_VALUE = { none: 0, closed: 0, 'half-open': 1, open: 2 } as const;

/** What is told of upstreams as they are at the moment. */
export class UpstreamMetrics {
  readonly #breakers = new GaugeFamily({
    name: 'gatewright_upstream_breaker_state',
    help: '0 closed, 1 half-open, 2 open.',
    labels: ['upstream'],
  });
  readonly #openTools = new GaugeFamily({
    name: 'gatewright_upstream_tools_open',
    help: 'Tools whose own breaker is not closed, of upstreams whose tools have breakers.',
    labels: ['upstream'],
  });
  readonly #endpoints = new GaugeFamily({
    name: 'gatewright_upstream_endpoint_up',
    help: 'Whether an endpoint gets calls, of upstreams whose endpoints are looked after.',
    labels: ['upstream', 'endpoint'],
  });
  readonly #inFlight = new GaugeFamily({
    name: 'gatewright_upstream_requests_in_flight',
    help: 'Requests that an upstream has not answered yet.',
    labels: ['upstream'],
  });
  readonly #waiting = new GaugeFamily({
    name: 'gatewright_upstream_requests_waiting',
    help: 'Those of them that wait for a place of `concurrency` or a connection.',
    labels: ['upstream'],
  });
  readonly #processes = new GaugeFamily({
    name: 'gatewright_upstream_processes',
    help: 'Running processes of stdio upstreams.',
    labels: ['upstream'],
  });

  set(upstreams: Iterable<readonly [name: string, state: UpstreamState]>): void {
    for (const family of this.#families) family.clear();
    for (const [name, state] of upstreams) {
      this.#breakers.of(name).value = BREAKER_VALUE[state.breaker];
      this.#inFlight.of(name).value = state.inFlight;
      this.#processes.of(name).value = state.processes.length;
      if (state.openTools !== undefined) this.#openTools.of(name).value = state.openTools.length;
      if (state.waiting !== undefined) this.#waiting.of(name).value = state.waiting;
      for (const { url, healthy } of state.endpoints ?? [])
        this.#endpoints.of(name, url).value = healthy ? 1 : 0;
    }
  }

  text(): string {
    return this.#families.map((family) => family.text()).join('');
  }

  get #families(): readonly GaugeFamily[] {
    return [this.#breakers, this.#openTools, this.#endpoints, this.#inFlight, this.#waiting, this.#processes];
  }
}

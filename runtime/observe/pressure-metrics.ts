import { PRESSURE_REASONS, type PressureReason } from '../traffic/pressure.ts';
import { CounterFamily, GaugeFamily } from './metric-family.ts';

/** What is refused so that what is under way can be done. */
export class PressureMetrics {
  readonly #shed = new CounterFamily({
    name: 'gatewright_shed_total',
    help: 'Requests that were refused because there was too little of something.',
    labels: ['reason'],
  });
  readonly #pressure = new GaugeFamily({
    name: 'gatewright_pressure',
    help: 'Whether new work is refused for want of it; of several threads, by how many.',
    labels: ['reason'],
  });

  constructor() {
    this.changed([]);
  }

  /** One request was refused. */
  shed(reason: PressureReason): void {
    this.#shed.of(reason).value += 1;
  }

  /** Why new work is refused from now on. */
  changed(reasons: readonly PressureReason[]): void {
    for (const reason of PRESSURE_REASONS) {
      this.#shed.of(reason);
      this.#pressure.of(reason).value = reasons.includes(reason) ? 1 : 0;
    }
  }

  text(): string {
    return this.#shed.text() + this.#pressure.text();
  }
}

import { monitorEventLoopDelay } from 'node:perf_hooks';
import { residentBytes } from '../resident-memory.ts';
import { CounterFamily, GaugeFamily } from './metric-family.ts';

const DELAY_RESOLUTION_MS = 100;

/** What the process uses. */
export class ProcessMetrics {
  readonly #info = new GaugeFamily({
    name: 'gatewright_build_info',
    help: 'The running version.',
    labels: ['version', 'node'],
  });
  readonly #started = new GaugeFamily({
    name: 'gatewright_process_start_time_seconds',
    help: 'When the process started.',
    labels: [],
  });
  readonly #cpu = new CounterFamily({
    name: 'gatewright_process_cpu_seconds_total',
    help: 'Processor time, by mode.',
    labels: ['mode'],
  });
  readonly #memory = new GaugeFamily({
    name: 'gatewright_process_resident_memory_bytes',
    help: 'Memory in RAM.',
    labels: [],
  });
  readonly #lag = new GaugeFamily({
    name: 'gatewright_event_loop_lag_seconds',
    help: 'How late timers were since the last scrape, by quantile.',
    labels: ['quantile'],
  });
  readonly #delay = monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS });

  constructor(version: string) {
    this.#info.of(version, process.version).value = 1;
    this.#started.of().value = Math.round(performance.timeOrigin) / 1000;
    this.#delay.enable();
  }

  text(): string {
    const { user, system } = process.cpuUsage();
    this.#cpu.of('user').value = user / 1e6;
    this.#cpu.of('system').value = system / 1e6;
    this.#memory.of().value = residentBytes();
    for (const quantile of [50, 99, 100]) {
      const lateMs = Math.max(0, this.#delay.percentile(quantile) / 1e6 - DELAY_RESOLUTION_MS);
      this.#lag.of(String(quantile / 100)).value = Number.isFinite(lateMs) ? lateMs / 1000 : 0;
    }
    this.#delay.reset();
    return [this.#info, this.#started, this.#cpu, this.#memory, this.#lag]
      .map((family) => family.text())
      .join('');
  }

  close(): void {
    this.#delay.disable();
  }
}

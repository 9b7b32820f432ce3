import { residentBytes } from '../resident-memory.ts';
import { EventLoopLag, LAG_QUANTILES, type LateMs, latest } from './event-loop-lag.ts';
import { CounterFamily, GaugeFamily } from './metric-family.ts';

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
    help: 'How late timers were in the last minute or two, by quantile, in the thread where they were the latest.',
    labels: ['quantile'],
  });
  /** Of this thread. */
  readonly lag = new EventLoopLag();
  otherLags: readonly LateMs[] = [];

  constructor(version: string) {
    this.#info.of(version, process.version).value = 1;
    this.#started.of().value = Math.round(performance.timeOrigin) / 1000;
  }

  text(): string {
    const { user, system } = process.cpuUsage();
    this.#cpu.of('user').value = user / 1e6;
    this.#cpu.of('system').value = system / 1e6;
    this.#memory.of().value = residentBytes();
    const lateMs = latest([this.lag.told(), ...this.otherLags]);
    for (const [at, quantile] of LAG_QUANTILES.entries())
      this.#lag.of(String(quantile)).value = lateMs[at]! / 1000;
    return [this.#info, this.#started, this.#cpu, this.#memory, this.#lag]
      .map((family) => family.text())
      .join('');
  }

  close(): void {
    this.lag.close();
  }
}

/** How late timers of this thread were, over a window that turns by time: no reader takes from another what it tells. */
import { monitorEventLoopDelay } from 'node:perf_hooks';

const RESOLUTION_MS = 100;

/** Whoever asks so often, as most scrapers do, misses nothing, however many there are. */
const TURN_MS = 60_000;

export const LAG_QUANTILES = [0.5, 0.99, 1] as const;

/** For each of `LAG_QUANTILES`. */
export type LateMs = readonly number[];

/** Measures from when it is made. */
interface Monitor {
  /** In nanoseconds, between one timer and the next. */
  percentile(percentile: number): number;
  reset(): void;
  disable(): void;
}

const monitorDelay = (): Monitor => {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  return delay;
};

const lateMsAt = (monitor: Monitor, quantile: number): number =>
  Math.max(0, monitor.percentile(quantile * 100) / 1e6 - RESOLUTION_MS);

export class EventLoopLag {
  readonly #nowMs: () => number;
  /** The older one is told of; the younger one takes its place at the next turn. */
  #older: Monitor;
  #younger: Monitor;
  #turnedMs: number;

  constructor(nowMs: () => number = () => performance.now(), monitor: () => Monitor = monitorDelay) {
    this.#nowMs = nowMs;
    this.#older = monitor();
    this.#younger = monitor();
    this.#turnedMs = nowMs();
  }

  /** Of one to two minutes; where nobody asked for longer than that, since somebody did. */
  told(): LateMs {
    const nowMs = this.#nowMs();
    if (nowMs - this.#turnedMs >= TURN_MS) {
      [this.#older, this.#younger] = [this.#younger, this.#older];
      this.#younger.reset();
      this.#turnedMs = nowMs;
    }
    return LAG_QUANTILES.map((quantile) => lateMsAt(this.#older, quantile));
  }

  close(): void {
    this.#older.disable();
    this.#younger.disable();
  }
}

/** Of several threads the one that was the latest, for each quantile. */
export const latest = (threads: readonly LateMs[]): LateMs =>
  LAG_QUANTILES.map((_, at) => Math.max(...threads.map((lateMs) => lateMs[at]!)));

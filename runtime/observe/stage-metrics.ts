import type { Exchange } from '../listen/exchange.ts';
import { HistogramFamily } from './metric-family.ts';

/** From fifty microseconds, which is much for one stage, to the longest call; seconds. */
const DURATION_BOUNDS = [0.00005, 0.00025, 0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10, 60];

/** Where the time of forwarded requests goes, one stage after the other; the stages of a request add up to it. */
export class StageMetrics {
  readonly #durations = new HistogramFamily(
    {
      name: 'gatewright_stage_duration_seconds',
      help:
        'Of requests that reached an upstream: identity, until the caller is known; admission, until it is sent, ' +
        'its body, limits, queues and policies; upstream, until the last answer; reply, until that is sent.',
      labels: ['server', 'stage'],
    },
    DURATION_BOUNDS,
  );

  /** Tells nothing of requests that were answered without an upstream. */
  finished({ startedMs, record }: Exchange, durationMs: number): void {
    const { server, identifiedMs, sentMs, answeredMs } = record;
    if (sentMs === 0) return;
    const endedMs = startedMs + durationMs;
    // A message of a channel is identified with the channel.
    const knownMs = identifiedMs === 0 ? startedMs : identifiedMs;
    // Who gave up before an answer waited for the upstream until then.
    const backMs = answeredMs < sentMs ? endedMs : answeredMs;
    this.#durations.of(server, 'identity').observe((knownMs - startedMs) / 1000);
    this.#durations.of(server, 'admission').observe((sentMs - knownMs) / 1000);
    this.#durations.of(server, 'upstream').observe((backMs - sentMs) / 1000);
    this.#durations.of(server, 'reply').observe((endedMs - backMs) / 1000);
  }

  text(): string {
    return this.#durations.text();
  }
}

import type { Exchange } from '../listen/exchange.ts';
import { type Buckets, HistogramFamily } from './metric-family.ts';

/** From fifty microseconds, which is much for one stage, to the longest call; seconds. */
const DURATION_BOUNDS = [0.00005, 0.00025, 0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10, 60];

/** The series of one server. */
interface Stages {
  readonly server: string;
  readonly identity: Buckets;
  readonly admission: Buckets;
  readonly upstream: Buckets;
  readonly reply: Buckets;
}

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
  /** Most requests are to the server of the one before. */
  #last: Stages | undefined;

  /** Tells nothing of requests that were answered without an upstream. */
  finished({ startedMs, record }: Exchange, durationMs: number): void {
    const { server, identifiedMs, sentMs, answeredMs } = record;
    if (sentMs === 0) return;
    const endedMs = startedMs + durationMs;
    // A message of a channel is identified with the channel.
    const knownMs = identifiedMs === 0 ? startedMs : identifiedMs;
    // Who gave up before an answer waited for the upstream until then.
    const backMs = answeredMs < sentMs ? endedMs : answeredMs;
    const stages = this.#last?.server === server ? this.#last : this.#of(server);
    stages.identity.observe((knownMs - startedMs) / 1000);
    stages.admission.observe((sentMs - knownMs) / 1000);
    stages.upstream.observe((backMs - sentMs) / 1000);
    stages.reply.observe((endedMs - backMs) / 1000);
  }

  #of(server: string): Stages {
    this.#last = {
      server,
      identity: this.#durations.of(server, 'identity'),
      admission: this.#durations.of(server, 'admission'),
      upstream: this.#durations.of(server, 'upstream'),
      reply: this.#durations.of(server, 'reply'),
    };
    return this.#last;
  }

  text(): string {
    return this.#durations.text();
  }
}

/** Timeouts, retry and breaker in milliseconds and ratios. */
import type {
  BreakerNode,
  HedgeNode,
  RetryNode,
  TimeoutsNode,
  UpstreamNode,
} from '../../../schema/graph/upstream.ts';
import type { GatewayData } from '../../configuration.ts';
import { given, toMs, toRatio } from '../measure.ts';

type UpstreamData = GatewayData['upstreams'][string];

const lowerTimeouts = (timeouts: NonNullable<UpstreamData['timeouts']>): TimeoutsNode => ({
  connectMs: toMs(timeouts.connect!),
  firstByteMs: toMs(timeouts.firstByte ?? timeouts.call!),
  callMs: toMs(timeouts.call!),
  callMaxMs: toMs(timeouts.callMax!),
  listMs: toMs(timeouts.list!),
  idleMs: toMs(timeouts.idle!),
});

const lowerHedge = (hedge: { readonly after: string; readonly max?: number }): HedgeNode => ({
  afterMs: toMs(hedge.after),
  max: hedge.max!,
});

const lowerRetry = (retry: NonNullable<UpstreamData['retry']>): RetryNode => ({
  maxAttempts: retry.maxAttempts!,
  when: [...new Set(retry.when!)].sort(),
  backoff: {
    baseMs: toMs(retry.backoff!.base!),
    maxMs: toMs(retry.backoff!.max!),
    jitter: retry.backoff!.jitter!,
  },
  onlyIdempotent: retry.onlyIdempotent!,
  budget: toRatio(retry.budget!),
  ...given('hedge', 'hedge' in retry && retry.hedge ? lowerHedge(retry.hedge) : undefined),
});

const lowerBreaker = (breaker: NonNullable<UpstreamData['breaker']>): BreakerNode => ({
  ...given('consecutive', breaker.consecutive),
  ...given('errorRate', breaker.errorRate === undefined ? undefined : toRatio(breaker.errorRate)),
  windowMs: toMs(breaker.window!),
  minimumCalls: breaker.minimumCalls!,
  openForMs: toMs(breaker.openFor!),
  ...given('givenUpAfterMs', breaker.givenUpAfter === undefined ? undefined : toMs(breaker.givenUpAfter)),
  ...given('failWhen', breaker.failWhen),
  ...given('per', breaker.per === 'tool' ? breaker.per : undefined),
});

type Traffic = Pick<UpstreamNode, 'timeouts' | 'retry' | 'breaker' | 'concurrency' | 'annotations'>;

/** What every type of upstream has. */
export const lowerTraffic = ({ timeouts, retry, breaker, concurrency, trust }: UpstreamData): Traffic => ({
  timeouts: lowerTimeouts(timeouts!),
  ...given('retry', retry && lowerRetry(retry)),
  ...given('breaker', breaker && lowerBreaker(breaker)),
  ...given('concurrency', concurrency && { max: concurrency.max, queue: concurrency.queue! }),
  annotations: trust!.annotations!,
});

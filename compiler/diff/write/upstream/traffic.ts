/** Timeouts, retry, breaker and trust as gateway.yaml says them. */
import type { UpstreamNode } from '../../../../schema/graph/upstream.ts';
import { duration, map, percentage, plain, set, type Written } from '../../written.ts';

export const writeTraffic = (node: UpstreamNode): Readonly<Record<string, Written | undefined>> => {
  const { timeouts, retry, breaker, concurrency } = node;
  return {
    timeouts: map({
      connect: duration(timeouts.connectMs),
      firstByte: duration(timeouts.firstByteMs === timeouts.callMs ? undefined : timeouts.firstByteMs),
      call: duration(timeouts.callMs),
      callMax: duration(timeouts.callMaxMs),
      list: duration(timeouts.listMs),
      idle: duration(timeouts.idleMs),
    }),
    retry:
      retry &&
      map({
        maxAttempts: plain(retry.maxAttempts),
        when: set(retry.when),
        backoff: map({
          base: duration(retry.backoff.baseMs),
          max: duration(retry.backoff.maxMs),
          jitter: plain(retry.backoff.jitter),
        }),
        onlyIdempotent: plain(retry.onlyIdempotent),
        budget: percentage(retry.budget),
        hedge: retry.hedge && map({ after: duration(retry.hedge.afterMs), max: plain(retry.hedge.max) }),
      }),
    breaker:
      breaker &&
      map({
        consecutive: plain(breaker.consecutive),
        errorRate: percentage(breaker.errorRate),
        window: duration(breaker.windowMs),
        minimumCalls: plain(breaker.minimumCalls),
        openFor: duration(breaker.openForMs),
        givenUpAfter: duration(breaker.givenUpAfterMs),
        failWhen: plain(breaker.failWhen),
        per: plain(breaker.per ?? 'upstream'),
      }),
    concurrency: concurrency && map({ max: plain(concurrency.max), queue: plain(concurrency.queue) }),
    trust: map({ annotations: plain(node.annotations) }),
  };
};

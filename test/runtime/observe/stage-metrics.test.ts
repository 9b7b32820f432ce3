import { describe, expect, it } from 'vitest';
import type { ExchangeRecord } from '../../../runtime/listen/exchange-record.ts';
import { StageMetrics } from '../../../runtime/observe/stage-metrics.ts';
import { recordedExchange } from './exchange-fixture.ts';

const STAGES = ['identity', 'admission', 'upstream', 'reply'];

const sums = (record: Partial<ExchangeRecord>, durationMs: number): (number | undefined)[] => {
  const metrics = new StageMetrics();
  metrics.finished(recordedExchange(record, { startedMs: 1_000 }), durationMs);
  return STAGES.map((stage) => {
    const sum = new RegExp(`_sum\\{server="engineering",stage="${stage}"\\} (.*)`).exec(metrics.text());
    return sum === null ? undefined : Math.round(Number(sum[1]) * 1000);
  });
};

describe('StageMetrics', () => {
  it('tells where the time of a forwarded request went', () => {
    expect(sums({ identifiedMs: 1_002, sentMs: 1_007, answeredMs: 1_037 }, 50)).toEqual([2, 5, 30, 13]);
  });

  it('takes what was never answered for time of the upstream', () => {
    expect(sums({ identifiedMs: 1_002, sentMs: 1_007 }, 50)).toEqual([2, 5, 43, 0]);
  });

  it('knows the caller of a channel’s message from its start', () => {
    expect(sums({ sentMs: 1_007, answeredMs: 1_037 }, 50)).toEqual([0, 7, 30, 13]);
  });

  it('tells nothing of requests that were answered without an upstream', () => {
    expect(sums({ identifiedMs: 1_002 }, 50)).toEqual([undefined, undefined, undefined, undefined]);
  });
});

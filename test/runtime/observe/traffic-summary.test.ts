import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Metrics } from '../../../runtime/observe/metrics.ts';
import { summarizeTraffic } from '../../../runtime/observe/traffic-summary.ts';
import { recordedExchange } from './exchange-fixture.ts';

const withMetrics = <T>(work: (metrics: Metrics) => T): T => {
  const metrics = new Metrics('1.0.0');
  try {
    return work(metrics);
  } finally {
    metrics.close();
  }
};

const call = (metrics: Metrics, durationMs: number, record: object = {}): void =>
  metrics.exchangeFinished(recordedExchange(record, { startedMs: 0 }), 200, durationMs);

it('[MON-06/status] tells of tools how their calls ended and how long they took, of all threads together', () => {
  const told = withMetrics((one) =>
    withMetrics((other) => {
      for (let at = 0; at < 90; at += 1) call(one, 4);
      for (let at = 0; at < 10; at += 1) call(other, 90);
      call(other, 3, { outcome: 'rate_limited' });
      other.limited('fair');
      return summarizeTraffic(one.allTrafficText([other.trafficText()]));
    }),
  );
  const { echo } = told.tools.engineering!;
  expect(Object.keys(echo!).sort()).toEqual(['limited', 'ok']);
  expect(echo!.ok).toMatchObject({ count: 100, meanMs: 12.6 });
  expect(echo!.ok!.p50Ms).toBeLessThanOrEqual(5);
  expect(echo!.ok!.p99Ms).toBeGreaterThan(25);
  expect(echo!.ok!.p99Ms).toBeLessThanOrEqual(100);
  expect(told.refused).toEqual({ fair: 1 });
});

it('[MON-06/status] tells what each stage of forwarded requests cost', () => {
  const told = withMetrics((metrics) => {
    call(metrics, 50, { identifiedMs: 2, sentMs: 7, answeredMs: 37 });
    return summarizeTraffic(metrics.trafficText());
  });
  const means = Object.entries(told.stages.engineering!).map(([stage, { meanMs }]) => [stage, meanMs]);
  expect(means).toEqual([
    ['identity', 2],
    ['admission', 5],
    ['upstream', 30],
    ['reply', 13],
  ]);
});

it('says nothing before there was anything', () => {
  expect(withMetrics((metrics) => summarizeTraffic(metrics.trafficText()))).toEqual({
    tools: {},
    stages: {},
    refused: {},
  });
});

it('keeps names apart, whatever they are', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 6 }), (names) => {
      const told = withMetrics((metrics) => {
        for (const target of [...names, '__proto__', 'a"} 1\n# x']) call(metrics, 1, { target });
        return summarizeTraffic(metrics.trafficText());
      });
      const wanted = new Set([...names, '__proto__', 'a"} 1\n# x']);
      expect(new Set(Object.keys(told.tools.engineering!))).toEqual(wanted);
    }),
    { numRuns: 50 },
  );
});

it('finds quantiles within the bounds between which they are', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 50_000 }), { minLength: 1, maxLength: 200 }),
      (durations) => {
        const told = withMetrics((metrics) => {
          for (const durationMs of durations) call(metrics, durationMs);
          return summarizeTraffic(metrics.trafficText());
        });
        const { count, p50Ms, p95Ms, p99Ms } = told.tools.engineering!.echo!.ok!;
        expect(count).toBe(durations.length);
        const sorted = durations.toSorted((a, b) => a - b);
        const bounds = [0, 5, 25, 100, 500, 1000, 2500, 10_000, 60_000];
        for (const [share, found] of [
          [0.5, p50Ms],
          [0.95, p95Ms],
          [0.99, p99Ms],
        ] as const) {
          const exact = sorted[Math.ceil(share * count) - 1]!;
          const above = bounds.find((bound) => exact <= bound)!;
          expect(found).toBeLessThanOrEqual(above);
          expect(found).toBeGreaterThanOrEqual(bounds[bounds.indexOf(above) - 1]!);
        }
        expect(p50Ms).toBeLessThanOrEqual(p95Ms);
        expect(p95Ms).toBeLessThanOrEqual(p99Ms);
      },
    ),
    { numRuns: 100 },
  );
});

import { describe, expect, it } from 'vitest';
import { countsOf, mergeMetrics } from '../../../runtime/observe/merge-metrics.ts';
import { CounterFamily, GaugeFamily, HistogramFamily } from '../../../runtime/observe/metric-family.ts';

const textOf = (
  calls: Readonly<Record<string, number>>,
  open: number,
  durations: readonly number[],
): string => {
  const counter = new CounterFamily({ name: 'calls_total', help: 'Calls by tool.', labels: ['tool'] });
  const gauge = new GaugeFamily({ name: 'open', help: 'Open now.', labels: [] });
  const histogram = new HistogramFamily(
    { name: 'duration_seconds', help: 'How long.', labels: [] },
    [0.1, 1],
  );
  for (const [tool, count] of Object.entries(calls)) counter.of(tool).value = count;
  gauge.of().value = open;
  for (const duration of durations) histogram.of().observe(duration);
  return counter.text() + gauge.text() + histogram.text();
};

describe('metrics of several threads', () => {
  it('are added up, series by series, in the order in which they are first told', () => {
    const merged = mergeMetrics([
      textOf({ echo: 2, 'a "b" {c} d': 1 }, 3, [0.05]),
      textOf({ other: 5, echo: 4 }, 1, [0.5, 2]),
    ]);
    expect(merged).toBe(
      [
        '# HELP calls_total Calls by tool.',
        '# TYPE calls_total counter',
        'calls_total{tool="echo"} 6',
        'calls_total{tool="a \\"b\\" {c} d"} 1',
        'calls_total{tool="other"} 5',
        '# HELP open Open now.',
        '# TYPE open gauge',
        'open 4',
        '# HELP duration_seconds How long.',
        '# TYPE duration_seconds histogram',
        'duration_seconds_bucket{le="0.1"} 1',
        'duration_seconds_bucket{le="1"} 2',
        'duration_seconds_bucket{le="+Inf"} 3',
        'duration_seconds_sum 2.55',
        'duration_seconds_count 3',
        '',
      ].join('\n'),
    );
  });

  it('of one are told as they are', () => {
    const text = textOf({ echo: 1 }, 1, [1]);
    expect(mergeMetrics([text])).toBe(text);
  });

  it('of one that has ended are what it has counted, and not what it held', () => {
    const counts = countsOf(textOf({ echo: 1 }, 7, [1]));
    expect(counts).toContain('calls_total{tool="echo"} 1\n');
    expect(counts).toContain('duration_seconds_count 1\n');
    expect(counts).not.toContain('open');
  });
});

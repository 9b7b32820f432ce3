import { describe, expect, it } from 'vitest';
import { ToolMetrics } from '../../../runtime/observe/tool-metrics.ts';

const samplesOf = (metrics: ToolMetrics): Map<string, number> =>
  new Map(
    metrics
      .text()
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  );

const count = (metrics: ToolMetrics, outcome: string, tool = 'echo'): number | undefined =>
  samplesOf(metrics).get(
    `gatewright_tool_call_duration_seconds_count{server="main",tool="${tool}",outcome="${outcome}"}`,
  );

describe('ToolMetrics', () => {
  it('tells how long the calls of a tool took by who is to be asked why they ended so', () => {
    const metrics = new ToolMetrics();
    const outcomes = {
      ok: ['ok'],
      tool_error: ['tool_error'],
      protocol_error: ['protocol_error', 'invalid_params', 'unknown_target'],
      denied: ['policy_denied', 'policy_error', 'insufficient_scope'],
      limited: ['rate_limited', 'result_too_large', 'slow_reader'],
      upstream: ['breaker_open', 'upstream_timeout', 'upstream_unavailable', 'upstream_protocol'],
      aborted: ['aborted', 'cancelled'],
      gateway: ['internal', 'state_unavailable'],
    };
    for (const outcome of Object.values(outcomes).flat()) metrics.finished('main', 'echo', outcome, 30);
    for (const [group, members] of Object.entries(outcomes))
      expect([group, count(metrics, group)]).toEqual([group, members.length]);
    const samples = samplesOf(metrics);
    const denied =
      'gatewright_tool_call_duration_seconds_bucket{server="main",tool="echo",outcome="denied",le=';
    expect(samples.get(`${denied}"0.025"}`)).toBe(0);
    expect(samples.get(`${denied}"0.1"}`)).toBe(3);
    expect(
      samples.get('gatewright_tool_calls_total{server="main",tool="echo",outcome="policy_denied"}'),
    ).toBe(1);
  });

  it('takes an outcome that it does not know for the gateway’s, so that the gap is seen', () => {
    const metrics = new ToolMetrics();
    metrics.finished('main', 'echo', 'made_up', 1);
    metrics.finished('main', 'echo', 'constructor', 1);
    expect(count(metrics, 'gateway')).toBe(2);
  });

  it('stops at 2,000 series of each kind and tells the rest as `other`', () => {
    const metrics = new ToolMetrics();
    for (let tool = 0; tool < 5_000; tool += 1) metrics.finished('main', `tool_${tool}`, 'ok', 1);
    const names = new Set(
      [...samplesOf(metrics).keys()].flatMap((name) => /_count\{.*tool="([^"]+)"/.exec(name)?.[1] ?? []),
    );
    expect(names.size).toBe(2_001);
    expect(count(metrics, 'ok', 'other')).toBe(3_000);
  });
});

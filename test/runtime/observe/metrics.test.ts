import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Metrics } from '../../../runtime/observe/metrics.ts';
import type { ReloadResult } from '../../../runtime/reload/reload-result.ts';
import type { UpstreamState } from '../../../runtime/upstream/link.ts';
import { recordedExchange } from './exchange-fixture.ts';

let metrics: Metrics;
beforeEach(() => {
  metrics = new Metrics('1.2.3');
});
afterEach(() => metrics.close());

/** The samples of a scrape: name with labels to value. Fails on anything that is not the text format 0.0.4. */
const scrape = (): Map<string, number> => {
  const samples = new Map<string, number>();
  const typed = new Set<string>();
  for (const line of metrics.text().split('\n').slice(0, -1)) {
    if (line.startsWith('# HELP gatewright_')) continue;
    const type = /^# TYPE (gatewright_[a-z_]+) (?:counter|gauge|histogram)$/.exec(line);
    if (type !== null) {
      expect(typed.has(type[1]!)).toBe(false);
      typed.add(type[1]!);
      continue;
    }
    const sample =
      /^(gatewright_[a-z_]+)(\{(?:[a-z_]+="(?:[^"\\\n]|\\[\\"n])*",?)+\})? (-?[\d.e+-]+|\+Inf)$/.exec(line);
    expect([line, sample === null]).toEqual([line, false]);
    const family = sample![1]!.replace(/_(?:bucket|sum|count)$/, '');
    expect([line, typed.has(sample![1]!) || typed.has(family)]).toEqual([line, true]);
    const name = `${sample![1]}${sample![2] ?? ''}`;
    expect([name, samples.has(name)]).toEqual([name, false]);
    samples.set(name, Number(sample![3]!.replace('+Inf', 'Infinity')));
  }
  return samples;
};

const finish = (record: Parameters<typeof recordedExchange>[0], status = 200, durationMs = 4): void => {
  const exchange = recordedExchange(record);
  metrics.exchangeStarted(exchange);
  metrics.exchangeFinished(exchange, status, durationMs);
};

describe('Metrics', () => {
  it('counts requests, tools and latencies', () => {
    finish({});
    finish({ outcome: 'tool_error' }, 200, 40);
    metrics.exchangeStarted(recordedExchange());
    const samples = scrape();
    const call = 'server="engineering",method="tools/call"';
    expect(samples.get(`gatewright_requests_total{${call},outcome="ok"}`)).toBe(1);
    expect(
      samples.get('gatewright_tool_calls_total{server="engineering",tool="echo",outcome="tool_error"}'),
    ).toBe(1);
    expect(samples.get(`gatewright_request_duration_seconds_bucket{${call},le="0.0025"}`)).toBe(0);
    expect(samples.get(`gatewright_request_duration_seconds_bucket{${call},le="0.005"}`)).toBe(1);
    expect(samples.get(`gatewright_request_duration_seconds_bucket{${call},le="+Inf"}`)).toBe(2);
    expect(samples.get(`gatewright_request_duration_seconds_count{${call}}`)).toBe(2);
    expect(samples.get(`gatewright_request_duration_seconds_sum{${call}}`)).toBeCloseTo(0.044);
    expect(samples.get('gatewright_requests_in_flight{listener="edge"}')).toBe(1);
    expect(samples.get('gatewright_http_responses_total{listener="edge",status="200"}')).toBe(2);
  });

  it('has no label that a caller can fill: unknown methods are other, unknown tools are not told', () => {
    for (let i = 0; i < 5_000; i += 1)
      finish({ method: `evil/${i}`, target: `evil${i}`, targetKnown: false });
    for (let i = 0; i < 5_000; i += 1)
      finish({ target: `evil${i}`, targetKnown: false, outcome: 'unknown_target' });
    const text = metrics.text();
    expect(text).not.toContain('evil');
    expect(scrape().get('gatewright_requests_total{server="engineering",method="other",outcome="ok"}')).toBe(
      5_000,
    );
  });

  it('bounds tools at 2000 series and tells the rest as other', () => {
    for (let i = 0; i < 3_000; i += 1) finish({ target: `tool${i}` });
    finish({ target: 'tool7' });
    const samples = scrape();
    const tools = [...samples.keys()].filter((name) => name.startsWith('gatewright_tool_calls_total'));
    expect(tools).toHaveLength(2_001);
    const tool = (name: string) =>
      samples.get(`gatewright_tool_calls_total{server="engineering",tool="${name}",outcome="ok"}`);
    expect([tool('tool7'), tool('other')]).toEqual([2, 1_000]);
  });

  it('escapes label values', () => {
    metrics.denied('a"b\\c\nd', 'denied');
    expect(metrics.text()).toContain(
      'gatewright_policy_denials_total{policy="a\\"b\\\\c\\nd",reason="denied"} 1\n',
    );
    scrape();
  });

  it('tells of connections, denials, limits and upstreams', () => {
    metrics.connectionOpened('edge');
    metrics.connectionOpened('edge');
    metrics.connectionClosed('edge');
    metrics.connectionRefused('edge', 'max_per_address');
    metrics.badRequest('edge', 408);
    metrics.denied('read-only', 'error');
    metrics.limited('fair-use');
    metrics.upstreamRequest('github', 'upstream_timeout');
    metrics.upstreamRetry('github', 'http-503');
    metrics.upstreamProcess('files', 'started');
    const samples = scrape();
    expect(samples.get('gatewright_connections_open{listener="edge"}')).toBe(1);
    expect(
      samples.get('gatewright_connections_refused_total{listener="edge",reason="max_per_address"}'),
    ).toBe(1);
    expect(samples.get('gatewright_bad_requests_total{listener="edge",status="408"}')).toBe(1);
    expect(samples.get('gatewright_policy_denials_total{policy="read-only",reason="error"}')).toBe(1);
    expect(samples.get('gatewright_limited_total{limit="fair-use"}')).toBe(1);
    expect(
      samples.get('gatewright_upstream_requests_total{upstream="github",outcome="upstream_timeout"}'),
    ).toBe(1);
    expect(samples.get('gatewright_upstream_retries_total{upstream="github",condition="http-503"}')).toBe(1);
    expect(samples.get('gatewright_upstream_process_events_total{upstream="files",event="started"}')).toBe(1);
  });

  it('asks the other rooms at each scrape, and forgets upstreams and generations that are gone', () => {
    const endpoints = [
      { url: 'https://one.example/mcp', healthy: false, inFlight: 0 },
      { url: 'https://two.example/mcp', healthy: true, inFlight: 3 },
    ];
    const state = { links: 1, eras: [], processes: [] };
    let upstreams: (readonly [string, UpstreamState])[] = [
      ['a', { ...state, breaker: 'open', openTools: ['slow'], inFlight: 3, waiting: 2, endpoints }],
      ['b', { ...state, breaker: 'half-open', inFlight: 0, processes: [11, 12] }],
    ];
    let ageMs = 1500;
    metrics.sources = {
      fills: () => ({
        'fair-use': { keys: 3, fullest: [{ key: 'c0ffee', used: 0.75 }] },
        idle: { keys: 0, fullest: [] },
      }),
      upstreams: () => upstreams,
      pinned: () => [['a', [{ kind: 'tools' }, { kind: 'tools' }]]],
      sessions: () => 7,
      revocationsAgeMs: () => ageMs,
      lags: () => [
        [0, 60_000, 70_000],
        [0, 90_000, 90_000],
      ],
      generations: () => ({ active: 1, draining: 2 }),
      generationRequests: () => [[4, 9]],
    };
    let samples = scrape();
    expect(samples.get('gatewright_upstream_breaker_state{upstream="a"}')).toBe(2);
    expect(samples.get('gatewright_upstream_breaker_state{upstream="b"}')).toBe(1);
    expect(samples.get('gatewright_upstream_requests_in_flight{upstream="a"}')).toBe(3);
    expect(samples.get('gatewright_upstream_processes{upstream="b"}')).toBe(2);
    expect(samples.get('gatewright_upstream_requests_waiting{upstream="a"}')).toBe(2);
    expect(samples.has('gatewright_upstream_requests_waiting{upstream="b"}')).toBe(false);
    expect(samples.get('gatewright_upstream_tools_open{upstream="a"}')).toBe(1);
    const up = (url: string) => `gatewright_upstream_endpoint_up{upstream="a",endpoint="${url}"}`;
    expect(samples.get(up('https://one.example/mcp'))).toBe(0);
    expect(samples.get(up('https://two.example/mcp'))).toBe(1);
    expect(samples.get('gatewright_pinned_differences{upstream="a",kind="tools"}')).toBe(2);
    expect(samples.get('gatewright_pinned_differences{upstream="a",kind="prompts"}')).toBe(0);
    expect(samples.get('gatewright_sessions')).toBe(7);
    expect(samples.get('gatewright_revocations_age_seconds')).toBe(1.5);
    expect(samples.get('gatewright_event_loop_lag_seconds{quantile="0.99"}')).toBe(90);
    expect(samples.get('gatewright_generations{state="draining"}')).toBe(2);
    expect(samples.get('gatewright_generation_requests{generation="4"}')).toBe(9);
    upstreams = upstreams.slice(1);
    ageMs = Number.POSITIVE_INFINITY;
    samples = scrape();
    expect(samples.get('gatewright_revocations_age_seconds')).toBe(Number.POSITIVE_INFINITY);
    expect(samples.has('gatewright_upstream_breaker_state{upstream="a"}')).toBe(false);
  });

  it('tells of reloads; the success timestamp moves only when something was applied', () => {
    const reload = (result: ReloadResult['result'], atMs: number, artifactHash: string): void =>
      metrics.reload.reloaded({
        result,
        cause: 'watch',
        atMs,
        durationMs: 30,
        compileMs: 5,
        diagnostics: [],
        unresolved: [],
        textOf: () => undefined,
        isFallback: false,
        artifactHash,
        effectiveHash: 'e',
      });
    reload('applied', 1_000, 'h1');
    reload('unchanged', 2_000, 'h1');
    reload('rejected', 3_000, 'h1');
    const samples = scrape();
    expect(samples.get('gatewright_config_last_reload_successful')).toBe(0);
    expect(samples.get('gatewright_config_last_reload_success_timestamp_seconds')).toBe(1);
    expect(samples.get('gatewright_config_reloads_total{result="rejected"}')).toBe(1);
    expect(samples.get('gatewright_config_reloads_total{result="failed"}')).toBe(0);
    expect(samples.get('gatewright_config_info{artifact_hash="h1",effective_hash="e"}')).toBe(1);
    expect(samples.get('gatewright_config_reload_duration_seconds_count')).toBe(3);
    reload('applied', 4_000, 'h2');
    expect([...scrape().keys()].filter((name) => name.startsWith('gatewright_config_info'))).toHaveLength(1);
  });

  it('tells what the process uses', () => {
    const samples = scrape();
    expect(samples.get(`gatewright_build_info{version="1.2.3",node="${process.version}"}`)).toBe(1);
    expect(samples.get('gatewright_process_resident_memory_bytes')).toBeGreaterThan(1e7);
    expect(samples.get('gatewright_process_cpu_seconds_total{mode="user"}')).toBeGreaterThan(0);
    expect(samples.get('gatewright_event_loop_lag_seconds{quantile="0.99"}')).toBeGreaterThanOrEqual(0);
  });
});

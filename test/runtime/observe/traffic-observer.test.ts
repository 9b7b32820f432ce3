import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AccessLog } from '../../../runtime/observe/access-log.ts';
import { createLog } from '../../../runtime/observe/log.ts';
import { Metrics } from '../../../runtime/observe/metrics.ts';
import { TrafficObserver } from '../../../runtime/observe/traffic-observer.ts';
import { until } from '../upstream/polling.ts';
import { recordedExchange } from './exchange-fixture.ts';
import { type KeptLines, keepLines } from './lines.ts';

let metrics: Metrics;
let lines: KeptLines;
let observer: TrafficObserver;
beforeEach(() => {
  metrics = new Metrics('1');
  lines = keepLines();
  const log = createLog({ level: 'info', format: 'json', access: true }, lines);
  observer = new TrafficObserver(metrics, log, new AccessLog('json', lines));
});
afterEach(() => metrics.close());

const finish = (
  record: Parameters<typeof recordedExchange>[0],
  status: number,
  correlationId = 'abc-1',
): void => {
  const exchange = recordedExchange(record, { correlationId });
  observer.exchangeStarted(exchange);
  observer.exchangeFinished(exchange, status, 1);
};

describe('TrafficObserver', () => {
  it('counts a request and writes its access line, unless that is off', () => {
    finish({}, 200);
    observer.accessLog = undefined;
    finish({}, 200);
    expect(lines.parsed().map(({ msg }) => msg)).toEqual(['access']);
    expect(metrics.text()).toContain('method="tools/call",outcome="ok"} 2\n');
  });

  it('logs the cause of a failure by the id that its caller was told: bugs loudly, refusals not at all', () => {
    finish({ outcome: 'internal', cause: new Error('bug') }, 500);
    finish({ outcome: 'upstream_unavailable', cause: new Error('refused') }, 200);
    finish({ outcome: 'unauthenticated', cause: 'expired' }, 401);
    const failures = lines.parsed().filter(({ msg }) => msg === 'request failed');
    expect(failures.map(({ level, outcome, correlationId }) => [level, outcome, correlationId])).toEqual([
      ['error', 'internal', 'abc-1'],
      ['warn', 'upstream_unavailable', 'abc-1'],
    ]);
    expect(failures[0]!.cause).toMatchObject({ message: 'bug' });
  });

  it('has lines for the first of those that fail alike, and one for how many more there were', () => {
    const cause = new Error('refused');
    for (let failed = 0; failed < 1_000; failed += 1)
      finish({ outcome: 'upstream_unavailable', cause }, 200, `flood-${failed}`);
    finish({ outcome: 'upstream_timeout', cause: 'after 400 ms' }, 200, 'another');
    observer.close();
    const told = lines.parsed().filter(({ msg }) => msg !== 'access');
    expect(told.map(({ msg, correlationId }) => [msg, correlationId])).toEqual([
      ...Array.from({ length: 10 }, (_, at) => ['request failed', `flood-${at}`]),
      ['request failed', 'another'],
      ['more requests failed alike', 'flood-999'],
    ]);
    const { level, outcome, count, cause: last } = told.at(-1)!;
    expect({ level, outcome, count }).toEqual({ level: 'warn', outcome: 'upstream_unavailable', count: 990 });
    expect(last).toMatchObject({ message: 'refused' });
  });

  it('tells of those a second later by itself, and has lines again for the next', async () => {
    const fail = (): void => finish({ outcome: 'upstream_unavailable', cause: 'refused' }, 200);
    const told = (message: string): number => lines.parsed().filter(({ msg }) => msg === message).length;
    for (let failed = 0; failed < 15; failed += 1) fail();
    await until(() => told('more requests failed alike') === 1);
    fail();
    expect(told('request failed')).toBe(11);
  });

  it('tells of a listener that fails', () => {
    observer.listenerFailed('edge', new Error('EMFILE'));
    expect(lines.parsed()[0]).toMatchObject({ level: 'error', msg: 'listener failed', listener: 'edge' });
  });
});

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AccessLog } from '../../../runtime/observe/access-log.ts';
import { createLog } from '../../../runtime/observe/log.ts';
import { Metrics } from '../../../runtime/observe/metrics.ts';
import { TrafficObserver } from '../../../runtime/observe/traffic-observer.ts';
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

const finish = (record: Parameters<typeof recordedExchange>[0], status: number): void => {
  const exchange = recordedExchange(record);
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

  it('tells of a listener that fails', () => {
    observer.listenerFailed('edge', new Error('EMFILE'));
    expect(lines.parsed()[0]).toMatchObject({ level: 'error', msg: 'listener failed', listener: 'edge' });
  });
});

import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { configuration } from '../support/configuration.ts';
import type { FastUpstream } from '../support/fast-upstream.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { legacyRequest, openSession } from '../support/legacy-client.ts';
import { callTool } from '../support/modern-client.ts';
import { startToolUpstream } from '../support/tool-upstream.ts';

let upstream: FastUpstream;
beforeEach(async () => {
  upstream = await startToolUpstream('echo', ['echo']);
});
afterEach(() => upstream.close());

/** More than any process has. */
const PLENTY = { memory: '1000GiB', eventLoopDelay: '1h' };
/** Less than any process has. */
const NOTHING = { memory: '1MiB', eventLoopDelay: '1h' };

const withPressure = (pressure: object): string => configuration({ echo: upstream.url }, { pressure });

const start = (): Promise<TestGateway> => startTestGateway(withPressure(PLENTY));

/** Asks until the gateway is ready, or is not, as wanted. */
const ready = async ({ opsUrl }: TestGateway, wanted: boolean): Promise<Record<string, unknown>> => {
  const deadline = performance.now() + 10_000;
  for (;;) {
    const reply = await fetch(`${opsUrl}/-/ready`);
    const body = (await reply.json()) as Record<string, unknown>;
    if ((reply.status === 200) === wanted) return body;
    if (performance.now() > deadline) throw new Error(`ready is not ${wanted}: ${JSON.stringify(body)}`);
    await delay(20);
  }
};

describe('a gateway with too little memory', () => {
  it('[OPS-10/shed] answers new work with 503, tells when to come back, and lets it in again later', async () => {
    await using gateway = await start();
    expect((await callTool(gateway.url(), 'echo')).status).toBe(200);
    await gateway.load(withPressure(NOTHING));
    expect(await ready(gateway, false)).toMatchObject({ pressure: ['memory'] });
    const refused = await callTool(gateway.url(), 'echo', {}, { id: 'mine' });
    expect(refused.status).toBe(503);
    expect(refused.headers['retry-after']).toBe('5');
    expect(refused.body).toMatchObject({
      id: 'mine',
      error: { code: -31002, data: { code: 'overloaded', reason: 'memory' } },
    });
    expect(upstream.calls).toBe(1);
    await gateway.load(withPressure(PLENTY));
    expect(await ready(gateway, true)).toMatchObject({ pressure: [] });
    expect((await callTool(gateway.url(), 'echo')).status).toBe(200);
    const log = await gateway.log();
    expect(log).toContain('new work is refused');
    expect(log).toContain('new work is let in again');
  });

  it('[OPS-10/shed] serves its operations, and counts what it refuses', async () => {
    await using gateway = await start();
    await gateway.load(withPressure(NOTHING));
    await ready(gateway, false);
    for (let times = 0; times < 3; times += 1) await callTool(gateway.url(), 'echo');
    const metrics = await gateway.metrics();
    expect(metrics).toContain('gatewright_shed_total{reason="memory"} 3\n');
    expect(metrics).toContain('gatewright_shed_total{reason="event_loop"} 0\n');
    expect(metrics).toContain('gatewright_pressure{reason="memory"} 1\n');
    expect(metrics).toMatch(/gatewright_requests_total\{server="main",method="",outcome="overloaded"\} 3\n/);
    const status = (await (await fetch(`${gateway.opsUrl}/-/status`)).json()) as { pressure: unknown };
    expect(status.pressure).toEqual(['memory']);
    expect((await fetch(`${gateway.opsUrl}/-/healthy`)).status).toBe(200);
    expect((await fetch(`${gateway.opsUrl}/-/reload`, { method: 'POST' })).status).toBe(200);
  });

  it('refuses requests of sessions and takes what helps: cancellations, and the end of the session', async () => {
    await using gateway = await start();
    const session = await openSession(gateway.url());
    await gateway.load(withPressure(NOTHING));
    await ready(gateway, false);
    const request = await legacyRequest(gateway.url(), 'tools/call', { name: 'echo' }, session);
    expect(request.status).toBe(503);
    const notification = await fetch(gateway.url(), {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...session,
      },
      body: JSON.stringify({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } }),
    });
    expect(notification.status).toBe(202);
    const stream = await fetch(gateway.url(), { headers: { accept: 'text/event-stream', ...session } });
    expect(stream.status).toBe(503);
    const end = await fetch(gateway.url(), { method: 'DELETE', headers: session });
    expect(end.status).toBe(204);
  });
});

describe('a gateway that is late', () => {
  it('[OPS-10/shed] answers new work with 503 until its timers are on time again', async () => {
    await using gateway = await startTestGateway(
      withPressure({ memory: '1000GiB', eventLoopDelay: '100ms' }),
      { tap: false },
    );
    const url = gateway.url();
    expect((await callTool(url, 'echo')).status).toBe(200);
    let stalls = true;
    const word = new Int32Array(new SharedArrayBuffer(4));
    const stall = (): void => {
      if (!stalls) return;
      Atomics.wait(word, 0, 0, 300);
      setImmediate(stall);
    };
    stall();
    expect(await ready(gateway, false)).toMatchObject({ pressure: ['event_loop'] });
    const refused = await callTool(url, 'echo');
    stalls = false;
    expect(refused.status).toBe(503);
    expect(refused.headers['retry-after']).toBe('2');
    await ready(gateway, true);
    expect((await callTool(url, 'echo')).status).toBe(200);
  });
});

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { configuration } from '../support/configuration.ts';
import { answer, type FastUpstream, type Received, refuse } from '../support/fast-upstream.ts';
import { startTestGateway } from '../support/gateway.ts';
import { modernBody, modernHeaders } from '../support/modern-client.ts';
import { scrape } from '../support/scrape.ts';
import { startToolUpstream } from '../support/tool-upstream.ts';

let upstream: FastUpstream;

beforeEach(async () => {
  upstream = await startToolUpstream('tracker', ['search', 'other']);
});
afterEach(() => upstream.close());

/** Calls over a connection of its own, so that the kernel spreads calls over the threads. Yields the error's code. */
const call = async (url: string, name: string): Promise<string | undefined> => {
  const params = { name, arguments: {} };
  const headers = { ...modernHeaders('tools/call', params, {}), connection: 'close' };
  const reply = await fetch(url, { method: 'POST', headers, body: modernBody('tools/call', params) });
  const { error } = (await reply.json()) as { readonly error?: { readonly data: { readonly code: string } } };
  return error?.data.code;
};

describe('two threads', () => {
  it('send an upstream no more calls at once than one would', async () => {
    const over = { workers: 2, upstream: { concurrency: { max: 3, queue: 100 } } };
    await using gateway = await startTestGateway(configuration({ tracker: upstream.url }, over), {
      tap: false,
    });
    let most = 0;
    const held: Received[] = [];
    upstream.behave((received) => {
      most = Math.max(most, held.push(received));
      // As many as may be are held until others could have come beside them.
      if (held.length !== 3 && upstream.calls !== 200) return;
      setTimeout(() => {
        for (const each of held.splice(0)) answer(each);
      }, 2);
    });
    const url = gateway.url();
    const client = async (): Promise<void> => {
      for (let at = 0; at < 10; at += 1) expect(await call(url, 'search')).toBeUndefined();
    };
    await Promise.all(Array.from({ length: 20 }, client));
    expect(most).toBe(3);
    expect(upstream.calls).toBe(200);
    const samples = await scrape(gateway.opsUrl);
    expect(samples.get('gatewright_upstream_requests_waiting{upstream="tracker"}')).toBe(0);
    expect(samples.get('gatewright_upstream_requests_in_flight{upstream="tracker"}')).toBe(0);
  }, 60_000);

  it('[RATE-03/threads] know of each other which tool is not called any more', async () => {
    const breaker = { consecutive: 6, openFor: '1m', per: 'tool' };
    const over = { workers: 2, upstream: { breaker } };
    await using gateway = await startTestGateway(configuration({ tracker: upstream.url }, over), {
      tap: false,
    });
    upstream.behave((received) =>
      (received.message.params?.name === 'search' ? refuse(503) : answer)({ ...received, count: 1 }),
    );
    const url = gateway.url();
    for (let at = 0; at < 6; at += 1) expect(await call(url, 'search')).toBe('upstream_unavailable');
    const calls = upstream.calls;
    const refusals = await Promise.all(Array.from({ length: 20 }, () => call(url, 'search')));
    expect(new Set(refusals)).toEqual(new Set(['breaker_open']));
    expect(upstream.calls).toBe(calls);
    const others = await Promise.all(Array.from({ length: 10 }, () => call(url, 'other')));
    expect(new Set(others)).toEqual(new Set([undefined]));
    expect((await scrape(gateway.opsUrl)).get('gatewright_upstream_breaker_state{upstream="tracker"}')).toBe(
      0,
    );
  }, 60_000);

  it('[RATE-04/threads] spend of one budget of retries', async () => {
    const retry = {
      maxAttempts: 2,
      onlyIdempotent: false,
      budget: '1%',
      backoff: { base: '1ms', max: '1ms' },
    };
    await using gateway = await startTestGateway(
      configuration({ tracker: upstream.url }, { workers: 2, upstream: { retry } }),
      { tap: false },
    );
    const url = gateway.url();
    expect(await call(url, 'search')).toBeUndefined();
    upstream.behave(refuse(503));
    const before = upstream.calls;
    const startMs = performance.now();
    const client = async (): Promise<void> => {
      for (let at = 0; at < 20; at += 1) expect(await call(url, 'search')).toBe('upstream_unavailable');
    };
    await Promise.all(Array.from({ length: 10 }, client));
    const retries = upstream.calls - before - 200;
    expect(retries).toBeGreaterThanOrEqual(10);
    expect(retries).toBeLessThanOrEqual(10 + 2 + 1 + (performance.now() - startMs) / 1000);
  }, 60_000);

  it('[RATE-03/threads] know of each other which endpoint is not there', async () => {
    const down = await startToolUpstream('down', ['search']);
    for (const method of ['server/discover', 'tools/list']) down.on(method, refuse(503));
    down.behave(refuse(503));
    const over = {
      endpoints: [down.url, upstream.url],
      health: { every: '1h', unhealthyAfter: 4 },
      protocol: { era: 'modern' },
    };
    await using gateway = await startTestGateway(
      configuration({ tracker: down.url }, { workers: 2, upstream: over }),
      { tap: false },
    );
    const url = gateway.url();
    // A list that could not be had is not asked for again at once.
    const deadlineMs = performance.now() + 30_000;
    let answered = 0;
    while (answered < 20) {
      if ((await call(url, 'search')) === undefined) answered += 1;
      expect(performance.now()).toBeLessThan(deadlineMs);
    }
    expect(down.log).toHaveLength(4);
    await down.close();
  }, 60_000);
});

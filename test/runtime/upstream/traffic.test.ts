import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Link, Upstream } from '../../../runtime/upstream/link.ts';
import type { BreakerNode, HttpUpstreamNode, RetryNode } from '../../../schema/graph/upstream.ts';
import {
  type FastUpstream,
  hang,
  json,
  openStream,
  refuse,
  reset,
  startFastUpstream,
} from '../../support/fast-upstream.ts';
import { OpenedUpstreams } from './opened-upstreams.ts';
import { until } from './polling.ts';
import { callEcho, echo, send } from './recording-sink.ts';
import { httpNode, OPENING, rejection, type TestContext, testContext } from './test-context.ts';

const RETRY: RetryNode = {
  maxAttempts: 3,
  when: ['connect-error', 'http-429', 'http-502', 'http-503', 'http-504'],
  backoff: { baseMs: 10, maxMs: 1000, jitter: 'full' },
  onlyIdempotent: true,
};

const BREAKER: BreakerNode = { consecutive: 3, windowMs: 10_000, minimumCalls: 20, openForMs: 200 };

let server: FastUpstream;
let context: TestContext;
const upstreams = new OpenedUpstreams();

const upstream = (changes: Partial<HttpUpstreamNode>): Upstream =>
  upstreams.open(httpNode(server.url, { era: 'modern', ...changes }), context);

const link = (changes: Partial<HttpUpstreamNode>): Promise<Link> => upstream(changes).modern();

const harmless = { idempotent: true };

beforeEach(async () => {
  server = await startFastUpstream();
  context = testContext();
});

afterEach(async () => {
  await upstreams.close();
  await server.close();
});

describe('retries', () => {
  test('a harmless call is repeated until it is answered', async () => {
    const made = await link({ retry: RETRY });
    server.behave(refuse(503, 2));
    expect((await echo(made, harmless)).response).toBeDefined();
    expect(server.calls).toBe(3);
    expect(context.observed).toEqual(['retry http-503', 'retry http-503']);
  });

  test('not more often than declared', async () => {
    const made = await link({ retry: RETRY });
    server.behave(refuse(503));
    expect((await echo(made, harmless)).error).toMatchObject({ code: 'upstream_unavailable' });
    expect(server.calls).toBe(3);
  });

  test('a call that may have had an effect is not', async () => {
    const made = await link({ retry: RETRY });
    for (const behaviour of [refuse(503), reset]) {
      server.behave(behaviour);
      const before = server.calls;
      expect((await echo(made)).error).toMatchObject({ code: 'upstream_unavailable' });
      expect(server.calls - before).toBe(1);
    }
  });

  test('a refused connection is tried again for any call', async () => {
    const backoff = { baseMs: 300, maxMs: 1000, jitter: 'none' } as const;
    const made = await link({ retry: { ...RETRY, maxAttempts: 5, backoff } });
    const { port } = server;
    await server.close();
    const { sink } = callEcho(made);
    await until(() => context.observed.length > 0);
    server = await startFastUpstream({ port });
    await sink.ended;
    expect(sink.response).toBeDefined();
    expect(server.calls).toBe(1);
    expect(new Set(context.observed)).toEqual(new Set(['retry connect-error']));
  });

  test('what is not named is not repeated, nor a timeout, nor an answer that began to stream', async () => {
    const made = await link({ retry: { ...RETRY, when: ['http-502'] } });
    server.behave(({ request, response }) => {
      openStream(response);
      response.write(': hello\n\n', () => request.socket.resetAndDestroy());
    });
    await echo(made, harmless);
    server.behave(hang);
    await echo(made, { ...harmless, timeoutMs: 300 });
    server.behave(refuse(503));
    await echo(made, harmless);
    expect(server.calls).toBe(3);
  });

  test('Retry-After is waited for, unless it asks for too much', async () => {
    const made = await link({ retry: { ...RETRY, backoff: { ...RETRY.backoff, maxMs: 1500 } } });
    server.behave(refuse(429, 1, { 'retry-after': '1' }));
    const startedMs = performance.now();
    expect((await echo(made, harmless)).response).toBeDefined();
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(990);
    server.behave(refuse(503, 1, { 'retry-after': '60' }));
    expect((await echo(made, harmless)).error).toMatchObject({
      code: 'upstream_unavailable',
      retryAfterMs: 60_000,
    });
  });

  test('end at the deadline of the call', async () => {
    const backoff = { baseMs: 20_000, maxMs: 20_000, jitter: 'none' } as const;
    const made = await link({ retry: { ...RETRY, backoff } });
    server.behave(refuse(503));
    expect((await echo(made, harmless)).error).toMatchObject({ code: 'upstream_unavailable' });
    expect([server.calls, context.observed]).toEqual([1, []]);
  });

  test('are given up with their call', async () => {
    const backoff = { baseMs: 500, maxMs: 500, jitter: 'none' } as const;
    const made = await link({ retry: { ...RETRY, backoff } });
    server.behave(refuse(503));
    const { sink, cancel } = callEcho(made, harmless);
    await until(() => context.observed.length === 1);
    cancel('no longer wanted');
    // Its own second attempt comes after that of the one before it would.
    server.behave(refuse(503, 1));
    expect((await echo(made, harmless)).response).toBeDefined();
    expect(server.calls).toBe(3);
    expect(sink.events).toEqual([]);
  });

  test('opening a session is repeated too', async () => {
    server.on('initialize', refuse(503));
    expect(await rejection(upstream({ era: 'legacy', retry: RETRY }).legacy(OPENING))).toMatchObject({
      code: 'upstream_unavailable',
    });
    expect(server.log).toHaveLength(3);
  });
});

describe('the breaker', () => {
  test('opens, refuses at once without asking the upstream, probes, and closes', async () => {
    const made = upstream({ breaker: { ...BREAKER, openForMs: 1000 } });
    const opened = await made.modern();
    server.behave(refuse(503));
    for (let index = 0; index < 3; index += 1) await echo(opened);
    expect(made.state().breaker).toBe('open');
    const timesMs = Array.from({ length: 21 }, () => {
      const startedMs = performance.now();
      const { sink } = callEcho(opened);
      expect(sink.error).toMatchObject({ code: 'breaker_open' });
      expect(sink.error?.retryAfterMs).toBeLessThanOrEqual(1000);
      return performance.now() - startedMs;
    });
    expect(timesMs.sort((a, b) => a - b)[10]).toBeLessThan(5);
    expect(server.calls).toBe(3);
    await until(() => made.state().breaker === 'half-open');
    server.behave(({ message, response }) => json(response, { jsonrpc: '2.0', id: message.id, result: {} }));
    expect((await echo(opened)).response).toBeDefined();
    expect(made.state().breaker).toBe('closed');
    expect(context.observed).toEqual(['breaker open', 'breaker half-open', 'breaker closed']);
    expect(made.state().inFlight).toBe(0);
  });

  test('counts broken connections and timeouts, and 5xx even where they carry a JSON-RPC error', async () => {
    const made = upstream({ breaker: BREAKER });
    const opened = await made.modern();
    server.behave(reset);
    await echo(opened);
    server.behave(hang);
    await echo(opened, { timeoutMs: 50 });
    const error = { code: -32603, message: 'Internal error' };
    server.behave(({ message, response }) => json(response, { jsonrpc: '2.0', id: message.id, error }, 500));
    expect((await echo(opened)).response).toMatchObject({ error });
    expect(made.state().breaker).toBe('open');
  });

  /** Refuses connections until `back` is awaited. */
  const away = async (): Promise<{ back: () => Promise<void> }> => {
    const { port } = server;
    await server.close();
    return {
      back: async () => {
        server = await startFastUpstream({ port });
      },
    };
  };

  const atOnce = (made: Link, count: number) =>
    Promise.all(Array.from({ length: count }, () => echo(made, harmless)));

  test('stays closed after one refused connection: the calls that come next find the upstream back', async () => {
    const made = upstream({ breaker: BREAKER });
    const opened = await made.modern();
    const { back } = await away();
    expect((await echo(opened)).error?.code).toBe('upstream_unavailable');
    await back();
    for (const { response } of await atOnce(opened, 6)) expect(response).toBeDefined();
    expect(server.calls).toBe(6);
    expect(context.observed).toEqual([]);
  });

  test('does not count calls that fail of what others learned, without a connection of their own', async () => {
    const made = upstream({ breaker: { ...BREAKER, consecutive: 40 } });
    const opened = await made.modern();
    const { back } = await away();
    for (let at = 0; at < 10; at += 1) await echo(opened);
    await back();
    await atOnce(opened, 100);
    await until(async () => (await echo(opened)).response !== undefined);
    expect(context.observed).toEqual([]);
  });

  test.each([5, 40])(
    'opens after %i refused connections, though most calls do not try one',
    async (consecutive) => {
      const made = upstream({ breaker: { ...BREAKER, consecutive, openForMs: 60_000 } });
      const opened = await made.modern();
      const { back } = await away();
      let calls = 0;
      await until(async () => {
        for (const { error } of await atOnce(opened, 50)) {
          expect(['upstream_unavailable', 'breaker_open']).toContain(error?.code);
          calls += 1;
        }
        return made.state().breaker === 'open';
      });
      expect(calls).toBeGreaterThan(consecutive);
      await back();
      for (const { error } of await atOnce(opened, 50)) expect(error?.code).toBe('breaker_open');
      expect(server.log).toEqual([]);
    },
  );

  test('does not count what a caller can bring about: JSON-RPC errors, tool errors, bounds, cancellations', async () => {
    const made = upstream({ breaker: BREAKER });
    const opened = await made.modern();
    const error = { code: -32602, message: 'Unknown tool' };
    for (let index = 0; index < 5; index += 1) {
      server.behave(({ message, response }) =>
        json(response, { jsonrpc: '2.0', id: message.id, error }, 400),
      );
      await echo(opened);
      await echo(opened, { maxBytes: 5 });
      await echo(opened, { headers: ['x-broken', 'a\r\nb: c'] });
      server.behave(hang);
      callEcho(opened).cancel('no longer wanted');
    }
    expect(made.state().breaker).toBe('closed');
  });

  test('lets a subscription be the probe without waiting for its end', async () => {
    const made = upstream({ breaker: { ...BREAKER, consecutive: 1 } });
    const opened = await made.modern();
    server.behave(refuse(503));
    await echo(opened);
    await until(() => made.state().breaker === 'half-open');
    server.on('subscriptions/listen', ({ response }) => openStream(response));
    const { sink } = send(opened, 'subscriptions/listen');
    await sink.until(() => sink.events.includes('stream'));
    expect(made.state().breaker).toBe('closed');
  });

  test('stops retries', async () => {
    const made = upstream({ breaker: { ...BREAKER, consecutive: 2 }, retry: { ...RETRY, maxAttempts: 10 } });
    const opened = await made.modern();
    server.behave(refuse(503));
    expect((await echo(opened, harmless)).error).toMatchObject({ code: 'upstream_unavailable' });
    expect(server.calls).toBe(2);
  });

  test('refuses openings too', async () => {
    const made = upstream({ era: 'legacy', breaker: { ...BREAKER, consecutive: 1, openForMs: 30_000 } });
    server.on('initialize', refuse(503));
    await rejection(made.legacy(OPENING));
    expect(await rejection(made.legacy(OPENING))).toMatchObject({ code: 'breaker_open' });
    expect(server.log).toHaveLength(1);
  });
});

test('a call whose receiver throws for its response is ended by an error, and only once', async () => {
  const made = await link({});
  const { sink: failing } = callEcho(made);
  failing.onResponse = () => {
    throw new RangeError('too deep');
  };
  await failing.ended;
  expect(failing.error).toMatchObject({ code: 'internal' });
  expect(failing.events).toEqual(['error']);
  expect(context.logged).toContainEqual(expect.objectContaining({ level: 'error' }));
  const { sink: worse } = callEcho(made);
  const told = Promise.withResolvers<string>();
  worse.onResponse = failing.onResponse;
  worse.onError = ({ code }) => {
    told.resolve(code);
    throw new Error('again');
  };
  expect(await told.promise).toBe('internal');
  expect((await echo(made, harmless)).response).toBeDefined();
});

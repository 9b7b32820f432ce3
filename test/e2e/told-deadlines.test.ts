import { Agent, request } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { type DeadlineFields, HEADER, startDeadlineGateway } from '../support/deadline-gateway.ts';
import { EventStreamClient } from '../support/event-stream-client.ts';
import { answer, type FastUpstream, hang, json, refuse } from '../support/fast-upstream.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { reply, startHttpApi } from '../support/http-api.ts';
import { openSession } from '../support/legacy-client.ts';
import { callTool, type ModernAnswer, type ModernOptions, modernRequest } from '../support/modern-client.ts';
import { rawRequest } from '../support/raw-request.ts';
import { scrape } from '../support/scrape.ts';
import { startToolUpstream } from '../support/tool-upstream.ts';
import { WebSocketClient } from '../support/web-socket-client.ts';

const PROGRESS = { progressToken: 'p' };
/** What a loaded machine may add to a deadline. */
const SLACK_MS = 2_000;

let stack = new AsyncDisposableStack();

afterEach(async () => {
  await stack.disposeAsync();
  stack = new AsyncDisposableStack();
});

const upstreamOf = async (options?: Parameters<typeof startToolUpstream>[2]): Promise<FastUpstream> => {
  const upstream = await startToolUpstream('deep', ['echo'], options);
  stack.defer(() => upstream.close());
  return upstream;
};

const gatewayBefore = async (url: string, fields?: DeadlineFields): Promise<TestGateway> =>
  stack.use(await startDeadlineGateway(url, fields));

const call = (gateway: TestGateway, waitsMs?: number | string, options: ModernOptions = {}) =>
  callTool(
    gateway.url(),
    'echo',
    {},
    { ...options, ...(waitsMs !== undefined && { headers: { [HEADER]: String(waitsMs) } }) },
  );

const codeOf = ({ body }: ModernAnswer): string | undefined => body.error?.data?.code;

/** What the calls of an upstream were told, in milliseconds. */
const toldTo = ({ log }: FastUpstream): readonly number[] =>
  log
    .filter(({ message }) => message.method === 'tools/call')
    .map(({ headers }) => (headers[HEADER] === undefined ? Number.NaN : Number(headers[HEADER])));

describe('an upstream that asks for it', () => {
  it('is told how long a call may take, with progress and without', async () => {
    const upstream = await upstreamOf();
    const gateway = await gatewayBefore(upstream.url, { timeouts: { call: '7s', callMax: '9s' } });
    await call(gateway);
    await call(gateway, undefined, { meta: PROGRESS });
    const [plain, progressing] = toldTo(upstream);
    expect(plain).toBeGreaterThan(7_000 - SLACK_MS);
    expect(plain).toBeLessThanOrEqual(7_000);
    expect(progressing).toBeGreaterThan(9_000 - SLACK_MS);
    expect(progressing).toBeLessThanOrEqual(9_000);
  });

  it('is told less with each attempt', async () => {
    const upstream = await upstreamOf();
    const backoff = { base: '60ms', jitter: 'none' };
    const gateway = await gatewayBefore(upstream.url, {
      retry: { maxAttempts: 3, onlyIdempotent: false, backoff },
    });
    await call(gateway);
    upstream.behave(refuse(503, 2));
    expect(codeOf(await call(gateway))).toBeUndefined();
    const [, first, second, third] = toldTo(upstream);
    // Timers and what is told count whole milliseconds.
    expect(first! - second!).toBeGreaterThanOrEqual(60 - 1);
    expect(second! - third!).toBeGreaterThanOrEqual(120 - 1);
  });

  it('is told in a session of the older era, too, and an HTTP API in a header of its request', async () => {
    const upstream = await upstreamOf({ eras: ['legacy'] });
    const gateway = await gatewayBefore(upstream.url, { timeouts: { call: '7s' } });
    await call(gateway, 5_000);
    expect(toldTo(upstream)[0]).toBeGreaterThan(5_000 - SLACK_MS);
    expect(toldTo(upstream)[0]).toBeLessThanOrEqual(5_000);

    await using api = await startHttpApi(reply(200, {}));
    const document = { openapi: '3.1.0', info: { title: 'a', version: '1' }, paths: {} };
    const parameters = [{ name: HEADER, in: 'header', schema: { type: 'string' } }];
    const paths = { '/echo': { get: { operationId: 'echo', parameters, responses: {} } } };
    await using before = await startTestGateway(
      JSON.stringify({
        version: 1,
        listeners: { main: { bind: '127.0.0.1:0' } },
        servers: { main: { at: [{ listener: 'main' }], anonymous: true, expose: [{ upstream: 'api' }] } },
        upstreams: {
          api: {
            type: 'openapi',
            spec: './api.json',
            baseUrl: api.origin,
            egress: { allow: ['127.0.0.1'] },
            headers: { deadline: HEADER },
          },
        },
      }),
      { tap: false, files: { 'api.json': JSON.stringify({ ...document, paths }) } },
    );
    const { body } = await modernRequest(before.url(), 'tools/list');
    expect(JSON.stringify(body.result.tools[0].inputSchema)).not.toContain(HEADER);
    await callTool(before.url(), 'echo');
    const toldMs = Number(api.seen[0]!.headers[HEADER]);
    expect(toldMs).toBeGreaterThan(60_000 - SLACK_MS);
    expect(toldMs).toBeLessThanOrEqual(60_000);
  });

  it('and nobody else is', async () => {
    const upstream = await upstreamOf();
    const gateway = await gatewayBefore(upstream.url, { tells: false });
    await call(gateway, 5_000);
    expect(toldTo(upstream)).toEqual([Number.NaN]);
  });
});

describe('a caller that tells how long it waits', () => {
  it('gets no more time than is declared, and its word only where it is a number and asked for', async () => {
    const upstream = await upstreamOf();
    const gateway = await gatewayBefore(upstream.url, { timeouts: { call: '7s' } });
    for (const said of [600_000, '-1', '1e3', '1,2', '0x10', ' ', 'soon']) await call(gateway, said);
    const unasked = await gatewayBefore(upstream.url, { timeouts: { call: '7s' }, asks: false });
    await call(unasked, 100);
    for (const each of toldTo(upstream)) {
      expect(each).toBeGreaterThan(7_000 - SLACK_MS);
      expect(each).toBeLessThanOrEqual(7_000);
    }
    expect(toldTo(upstream)).toHaveLength(8);
  });

  it('is answered when its time is up, and the upstream hears nothing of a call that comes too late', async () => {
    const upstream = await upstreamOf();
    const gateway = await gatewayBefore(upstream.url);
    await call(gateway);
    const before = upstream.calls;
    expect(codeOf(await call(gateway, 0))).toBe('upstream_timeout');
    expect(upstream.calls).toBe(before);
    let isCancelled = false;
    upstream.behave(({ response }) => response.on('close', () => (isCancelled = true)));
    const startMs = performance.now();
    // Time enough to get there.
    expect(codeOf(await call(gateway, 1_000))).toBe('upstream_timeout');
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(999);
    expect(performance.now() - startMs).toBeLessThan(1_000 + SLACK_MS);
    await upstream.until(() => isCancelled);
  });

  it('is answered when its time is up, too, while the call waits for a place, and keeps no place in the queue', async () => {
    const upstream = await upstreamOf();
    const places = { type: 'concurrency', max: 1, queueTimeout: '60s' };
    const gateway = await gatewayBefore(upstream.url, {
      limits: { first: { ...places, max: 2, queue: 1 }, second: { ...places, queue: 1 } },
    });
    await call(gateway);
    const held = Promise.withResolvers<void>();
    upstream.behave((received) => void held.promise.then(() => answer(received)));
    const slow = call(gateway);
    await upstream.until(() => upstream.calls === 2);
    for (const waitsMs of [150, 0, 100]) {
      const startMs = performance.now();
      expect(codeOf(await call(gateway, waitsMs))).toBe('concurrency_limited');
      expect(performance.now() - startMs).toBeGreaterThanOrEqual(waitsMs - 1);
      expect(performance.now() - startMs).toBeLessThan(waitsMs + SLACK_MS);
    }
    expect(upstream.calls).toBe(2);
    const patient = call(gateway, 60_000);
    held.resolve();
    expect(codeOf(await slow)).toBeUndefined();
    expect(codeOf(await patient)).toBeUndefined();
  });

  it.each(['server/discover', 'tools/list'])(
    'is answered when its time is up, too, while %s is not answered, and others wait on',
    async (method) => {
      const upstream = await upstreamOf({ eras: ['modern'] });
      const held = Promise.withResolvers<void>();
      let asked = false;
      upstream.on(method, ({ message, response }) => {
        const results = {
          'server/discover': { supportedVersions: ['2026-07-28'], capabilities: { tools: {} } },
          'tools/list': { tools: [{ name: 'echo', inputSchema: { type: 'object' } }] },
        };
        const result = { ...results[method as keyof typeof results], ttlMs: 60_000, cacheScope: 'public' };
        asked = true;
        void held.promise.then(() =>
          json(response, { jsonrpc: '2.0', id: message.id, result: { ...result, resultType: 'complete' } }),
        );
      });
      const gateway = await gatewayBefore(upstream.url, { timeouts: { connect: '50s', list: '50s' } });
      const patient = call(gateway);
      await upstream.until(() => asked);
      const startMs = performance.now();
      expect(codeOf(await call(gateway, 150))).toBe('upstream_timeout');
      expect(performance.now() - startMs).toBeGreaterThanOrEqual(149);
      expect(performance.now() - startMs).toBeLessThan(150 + SLACK_MS);
      held.resolve();
      expect(codeOf(await patient)).toBeUndefined();
    },
  );

  it('tells it with each message: what opened a channel tells nothing of the messages on it', async () => {
    const upstream = await upstreamOf();
    const gateway = await gatewayBefore(upstream.url);
    const client = await WebSocketClient.open(gateway.url(), { headers: { [HEADER]: '0' } });
    stack.defer(() => client.socket.terminate());
    await client.initialize();
    client.call(1, 'echo');
    expect(await client.answerTo(1)).toHaveProperty('result');
    expect(toldTo(upstream)[0]).toBeGreaterThan(60_000 - SLACK_MS);
  });
});

it('gateways behind one another keep one deadline: the shortest that is declared, which the last one hears of', async () => {
  const upstream = await upstreamOf();
  const inner = await gatewayBefore(upstream.url, { breaker: { consecutive: 1 } });
  const outer = await gatewayBefore(inner.url(), { timeouts: { call: '3s' } });
  await call(outer);
  expect(toldTo(upstream)[0]).toBeLessThanOrEqual(3_000);
  let isCancelled = false;
  upstream.behave(({ response }) => response.on('close', () => (isCancelled = true)));
  expect(codeOf(await call(outer))).toBe('upstream_timeout');
  expect(codeOf(await call(outer, 1_000))).toBe('upstream_timeout');
  await upstream.until(() => isCancelled);
  const [, declared, hurried] = toldTo(upstream);
  expect(declared).toBeGreaterThan(1_000);
  expect(declared).toBeLessThanOrEqual(3_000);
  expect(hurried).toBeLessThanOrEqual(1_000);
  const metrics = await scrape(inner.opsUrl);
  expect(metrics.get('gatewright_upstream_breaker_state{upstream="deep"}')).toBe(0);
});

const INITIALIZE = {
  method: 'initialize',
  params: { protocolVersion: '2024-11-05', capabilities: {}, clientInfo: { name: 'c', version: '1' } },
};
const CALL = { method: 'tools/call', params: { name: 'echo', arguments: {} } };

const bodyOf = (message: object, id: number | undefined): string =>
  JSON.stringify({ jsonrpc: '2.0', ...(id !== undefined && { id }), ...message });

/** Of an error answer. */
const failureOf = (text: string): string | undefined => JSON.parse(text).error?.data?.code;

/** A client of 2024-11-05 that is connected and has initialised. */
const openEventStream = async (gateway: TestGateway) => {
  const stream = await EventStreamClient.open(`${gateway.url()}/sse`, {
    headers: { accept: 'text/event-stream', [HEADER]: '0' },
  });
  stack.defer(() => stream.close());
  await expect.poll(() => stream.events.length).toBeGreaterThan(0);
  const url = new URL(stream.events[0]!.data!, gateway.url()).href;
  const post = async (message: object, id?: number, waitsMs?: number): Promise<void> => {
    const told = waitsMs === undefined ? {} : { [HEADER]: String(waitsMs) };
    const headers = { 'content-type': 'application/json', ...told };
    const { status } = await rawRequest(url, { method: 'POST', headers, body: bodyOf(message, id) });
    expect(status).toBe(202);
  };
  const answerTo = async (id: number) => {
    const find = () =>
      stream.events
        .filter(({ event }) => event === 'message')
        .map(({ data }) => JSON.parse(data!))
        .find((message) => message.id === id);
    await expect.poll(find, { timeout: 10_000 }).toBeDefined();
    return find();
  };
  await post(INITIALIZE, 0);
  expect(await answerTo(0)).toHaveProperty('result');
  return { stream, post, answerTo };
};

describe('a caller over HTTP+SSE, the transport of 2024-11-05', () => {
  it('tells with each message that it posts how long it waits, whatever it told when it opened the stream', async () => {
    const upstream = await upstreamOf();
    const { post, answerTo } = await openEventStream(await gatewayBefore(upstream.url));
    await post(CALL, 1, 5_000);
    await answerTo(1);
    await post(CALL, 2);
    await answerTo(2);
    const [told, untold] = toldTo(upstream);
    expect(told).toBeGreaterThan(5_000 - SLACK_MS);
    expect(told).toBeLessThanOrEqual(5_000);
    expect(untold).toBeGreaterThan(60_000 - SLACK_MS);
  });

  it('is answered when its time is up, and the upstream hears that nobody waits; so it does of what is taken back', async () => {
    const upstream = await upstreamOf();
    const { stream, post, answerTo } = await openEventStream(await gatewayBefore(upstream.url));
    let closed = 0;
    upstream.behave(({ response }) => response.on('close', () => (closed += 1)));
    const startMs = performance.now();
    await post(CALL, 1, 1_000);
    expect((await answerTo(1)).error.data.code).toBe('upstream_timeout');
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(999);
    expect(performance.now() - startMs).toBeLessThan(1_000 + SLACK_MS);
    await upstream.until(() => closed === 1);
    await post(CALL, 2, 60_000);
    await upstream.until(() => upstream.calls === 2);
    await post({ method: 'notifications/cancelled', params: { requestId: 2 } });
    await upstream.until(() => closed === 2);
    await post(CALL, 3, 60_000);
    await upstream.until(() => upstream.calls === 3);
    stream.close();
    await upstream.until(() => closed === 3);
  });
});

describe('a session upstream that is opened for a call', () => {
  /** Answers initialize after so long. */
  const slowly = (upstream: FastUpstream, afterMs: number): void =>
    upstream.on('initialize', ({ message, response }) => {
      const serverInfo = { name: 'slow', version: '1' };
      const result = { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo };
      setTimeout(() => json(response, { jsonrpc: '2.0', id: message.id, result }), afterMs);
    });

  it('is opened within the time of the call, of which the upstream is told the rest', async () => {
    const upstream = await upstreamOf({ eras: ['legacy'] });
    slowly(upstream, 1_500);
    const gateway = await gatewayBefore(upstream.url, {
      protocol: { era: 'legacy' },
      timeouts: { call: '6s', callMax: '6s' },
    });
    await call(gateway);
    await call(gateway);
    const [first, second] = toldTo(upstream);
    expect(first).toBeLessThanOrEqual(6_000 - 1_499);
    expect(second).toBeGreaterThan(6_000 - 1_499);
  });

  it('takes all of it where it takes too long: the call is answered, and not sent', async () => {
    const upstream = await upstreamOf({ eras: ['legacy'] });
    slowly(upstream, 1_500);
    const gateway = await gatewayBefore(upstream.url, {
      protocol: { era: 'legacy' },
      timeouts: { call: '500ms' },
    });
    const startMs = performance.now();
    expect(codeOf(await call(gateway))).toBe('upstream_timeout');
    expect(performance.now() - startMs).toBeLessThan(1_500);
    const told = await gatewayBefore(upstream.url, { protocol: { era: 'legacy' } });
    expect(codeOf(await call(told, 150))).toBe('upstream_timeout');
    expect(upstream.calls).toBe(0);
  });

  it('is opened once for all who wait for it, of whom each is answered when its own time is up', async () => {
    const upstream = await upstreamOf({ eras: ['legacy'] });
    let asked = 0;
    const held = Promise.withResolvers<void>();
    upstream.on('initialize', ({ message, response }) => {
      asked += 1;
      const serverInfo = { name: 'slow', version: '1' };
      const result = { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo };
      void held.promise.then(() => json(response, { jsonrpc: '2.0', id: message.id, result }));
    });
    const gateway = await gatewayBefore(upstream.url, { protocol: { era: 'legacy' } });
    const patient = call(gateway);
    await upstream.until(() => asked === 1);
    const startMs = performance.now();
    const within = async (waitsMs: number) => {
      expect(codeOf(await call(gateway, waitsMs))).toBe('upstream_timeout');
      const tookMs = performance.now() - startMs;
      expect(tookMs).toBeGreaterThanOrEqual(waitsMs - 1);
      expect(tookMs).toBeLessThan(waitsMs + SLACK_MS);
      return tookMs;
    };
    const [hurried, lessHurried] = await Promise.all([within(150), within(600)]);
    expect(hurried).toBeLessThan(lessHurried);
    held.resolve();
    expect(codeOf(await patient)).toBeUndefined();
    expect(codeOf(await call(gateway, 60_000))).toBeUndefined();
    expect(asked).toBe(1);
    expect(upstream.calls).toBe(2);
  });

  it('keeps nobody longer than it waits who begins a session of its own', async () => {
    const upstream = await upstreamOf({ eras: ['legacy'] });
    upstream.on('initialize', hang);
    const gateway = await gatewayBefore(upstream.url, { protocol: { era: 'legacy' } });
    const startMs = performance.now();
    const { text } = await rawRequest(gateway.url(), {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        [HEADER]: '200',
      },
      body: bodyOf(INITIALIZE, 1),
    });
    expect(failureOf(text)).toBe('upstream_timeout');
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(199);
    expect(performance.now() - startMs).toBeLessThan(200 + SLACK_MS);
  });
});

describe('a call that another thread has to make', () => {
  /** So many connections that the kernel gives each of two threads some. */
  const MANY = 24;

  /** The answer to a call on a connection of its own, the body of which comes `lateMs` after its head. */
  const callLate = (
    url: string,
    session: Readonly<Record<string, string>>,
    lateMs: number,
    waitsMs: number,
    id: number,
  ) =>
    new Promise<string>((resolve, reject) => {
      const headers = {
        ...session,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        [HEADER]: String(waitsMs),
      };
      const outgoing = request(url, { method: 'POST', agent: new Agent(), headers }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('end', () => resolve(text));
      });
      outgoing.on('error', reject);
      outgoing.flushHeaders();
      setTimeout(() => outgoing.end(bodyOf(CALL, id)), lateMs);
    });

  it('has the rest of its time there, not the whole, and is taken back upstream when that is up', async () => {
    const upstream = await upstreamOf({ eras: ['legacy'] });
    const gateway = await gatewayBefore(upstream.url, { workers: 2 });
    const session = await openSession(gateway.url());
    const many = (lateMs: number, waitsMs: number) =>
      Promise.all(
        Array.from({ length: MANY }, (_, id) => callLate(gateway.url(), session, lateMs, waitsMs, id)),
      );
    await many(2_000, 20_000);
    expect(toldTo(upstream)).toHaveLength(MANY);
    for (const each of toldTo(upstream)) expect(each).toBeLessThanOrEqual(20_000 - 500);
    upstream.behave(hang);
    const startMs = performance.now();
    const answers = await many(0, 2_000);
    expect(performance.now() - startMs).toBeLessThan(2_000 + SLACK_MS);
    expect(new Set(answers.map(failureOf))).toEqual(new Set(['upstream_timeout']));
    expect(answers.map((text) => JSON.parse(text).id)).toEqual(answers.map((_, id) => id));
    const cancelled = () =>
      upstream.log.filter(({ message }) => message.method === 'notifications/cancelled');
    await upstream.until(() => cancelled().length === MANY);
  }, 60_000);
});

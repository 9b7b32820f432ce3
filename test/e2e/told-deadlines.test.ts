import { afterEach, describe, expect, it } from 'vitest';
import { answer, type FastUpstream, hang, json, refuse } from '../support/fast-upstream.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { reply, startHttpApi } from '../support/http-api.ts';
import { callTool, type ModernAnswer, type ModernOptions, modernRequest } from '../support/modern-client.ts';
import { scrape } from '../support/scrape.ts';
import { startToolUpstream } from '../support/tool-upstream.ts';
import { WebSocketClient } from '../support/web-socket-client.ts';

const HEADER = 'x-time-left';
const PROGRESS = { progressToken: 'p' };
/** What a loaded machine may add to a deadline. */
const SLACK_MS = 2_000;

interface Upstream {
  readonly [field: string]: unknown;
}

interface Served {
  readonly tells?: boolean;
  readonly asks?: boolean;
  /** Of the server, by name. */
  readonly limits?: Readonly<Record<string, object>>;
}

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

/** A gateway whose callers may tell how long they wait, before one upstream. */
const gatewayBefore = async (
  url: string,
  { tells = true, asks = true, limits = {}, ...fields }: Upstream & Served = {},
): Promise<TestGateway> => {
  const upstream = { type: 'http', endpoints: [url], ...(tells && { headers: { deadline: HEADER } }) };
  const started = await startTestGateway(
    JSON.stringify({
      version: 1,
      listeners: {
        main: { bind: '127.0.0.1:0' },
        ops: { bind: '127.0.0.1:0', serve: ['metrics', 'status'] },
      },
      servers: {
        main: {
          at: [{ listener: 'main', path: '/mcp' }],
          protocol: { websocket: true },
          limits: Object.keys(limits),
          anonymous: true,
          expose: [{ upstream: 'deep' }],
          ...(asks && { headers: { deadline: HEADER.toUpperCase() } }),
        },
      },
      limits,
      upstreams: { deep: { ...upstream, ...fields } },
    }),
    { tap: false },
  );
  stack.use(started);
  return started;
};

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
    expect(first! - second!).toBeGreaterThanOrEqual(60);
    expect(second! - third!).toBeGreaterThanOrEqual(120);
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
    expect(codeOf(await call(gateway, 150))).toBe('upstream_timeout');
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(149);
    expect(performance.now() - startMs).toBeLessThan(150 + SLACK_MS);
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

  it('cannot have the upstream taken for broken, however short its time is', async () => {
    const upstreams = await Promise.all([upstreamOf(), upstreamOf()]);
    const gateway = await gatewayBefore('', {
      endpoints: upstreams.map(({ url }) => url),
      health: { every: '1h', unhealthyAfter: 2 },
      breaker: { consecutive: 3, errorRate: '10%', minimumCalls: 3 },
    });
    await call(gateway);
    for (const each of upstreams) each.behave(hang);
    const hurried = await Promise.all(Array.from({ length: 20 }, (_, at) => call(gateway, 1 + at * 3)));
    expect(hurried.map(codeOf)).toEqual(hurried.map(() => 'upstream_timeout'));
    const metrics = await scrape(gateway.opsUrl);
    expect(metrics.get('gatewright_upstream_breaker_state{upstream="deep"}')).toBe(0);
    const status = await (await fetch(`${gateway.opsUrl}/-/status`)).text();
    expect(status).not.toContain('"healthy":false');
    expect(status).toContain('"healthy":true');
  });

  it('does not hide that an upstream is silent for longer than is declared', async () => {
    const upstream = await upstreamOf();
    const gateway = await gatewayBefore(upstream.url, {
      timeouts: { firstByte: '100ms' },
      breaker: { consecutive: 2 },
    });
    await call(gateway);
    upstream.behave(hang);
    for (let at = 0; at < 2; at += 1) expect(codeOf(await call(gateway, 30_000))).toBe('upstream_timeout');
    expect(codeOf(await call(gateway, 30_000))).toBe('breaker_open');
  });
});

it('gateways behind one another keep one deadline: the shortest that is declared, which the last one hears of', async () => {
  const upstream = await upstreamOf();
  const inner = await gatewayBefore(upstream.url, { breaker: { consecutive: 1 } });
  const outer = await gatewayBefore(inner.url(), { timeouts: { call: '700ms' } });
  await call(outer);
  expect(toldTo(upstream)[0]).toBeLessThanOrEqual(700);
  let isCancelled = false;
  upstream.behave(({ response }) => response.on('close', () => (isCancelled = true)));
  expect(codeOf(await call(outer))).toBe('upstream_timeout');
  expect(codeOf(await call(outer, 300))).toBe('upstream_timeout');
  await upstream.until(() => isCancelled);
  const [, declared, hurried] = toldTo(upstream);
  expect(declared).toBeGreaterThan(300);
  expect(declared).toBeLessThanOrEqual(700);
  expect(hurried).toBeLessThanOrEqual(300);
  const metrics = await scrape(inner.opsUrl);
  expect(metrics.get('gatewright_upstream_breaker_state{upstream="deep"}')).toBe(0);
});

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Link, OutboundRequest, Upstream } from '../../../../runtime/upstream/link.ts';
import type { OpenApiOperationNode, OpenApiUpstreamNode } from '../../../../schema/graph/upstream.ts';
import { type Answer, type HttpApi, reply, startHttpApi } from '../../../support/http-api.ts';
import { OpenedUpstreams } from '../opened-upstreams.ts';
import { until } from '../polling.ts';
import { type RecordingSink, send } from '../recording-sink.ts';
import { HEALTH, healthy, kill, QUIET, RETRY } from '../several-endpoints.ts';
import { type TestContext, TIMEOUTS, testContext } from '../test-context.ts';

/** An operation without arguments, called after its method. */
const operation = (method: string, idempotent: boolean): OpenApiOperationNode => ({
  name: method,
  tool: JSON.stringify({ name: method, inputSchema: { type: 'object' } }),
  method,
  path: ['/things'],
  parameters: [],
  accept: '*/*',
  idempotent,
});

const OPERATIONS = [
  ...['GET', 'HEAD', 'PUT', 'DELETE'].map((method) => operation(method, true)),
  ...['POST', 'PATCH'].map((method) => operation(method, false)),
];

let apis: HttpApi[];
let context: TestContext;
const upstreams = new OpenedUpstreams();

const upstream = (changes: Partial<OpenApiUpstreamNode> = {}): Upstream =>
  upstreams.open(
    {
      kind: 'upstream',
      type: 'openapi',
      name: 'tested',
      timeouts: TIMEOUTS,
      annotations: 'ignore',
      info: { name: 'Tested', version: '1' },
      endpoints: apis.map(({ origin }) => `${origin}/v1/`),
      balance: 'failover',
      health: QUIET,
      operations: OPERATIONS,
      headers: { forward: [], set: {} },
      egress: { public: false, ranges: ['127.0.0.1'] },
      tls: {},
      connections: 4,
      ...changes,
    },
    context,
  );

const call = (link: Link, method: string, options: Partial<OutboundRequest> = {}) =>
  send(link, 'tools/call', { name: method, arguments: {} }, options);

const ended = async (link: Link, method = 'GET', options: Partial<OutboundRequest> = {}) => {
  const { sink } = call(link, method, options);
  await sink.ended;
  return sink;
};

// biome-ignore lint/suspicious/noExplicitAny: tests look into whatever came
const isError = ({ response }: RecordingSink): any => (response?.result as any)?.isError;

const gets = async (link: Link, count: number, caller = (_at: number) => 'idp:ann'): Promise<void> => {
  for (let at = 0; at < count; at += 1)
    expect(isError(await ended(link, 'GET', { caller: caller(at) }))).toBe(false);
};

/** Calls that came to each, checks left out. */
const calls = (): readonly number[] =>
  apis.map(({ seen }) => seen.filter(({ url }) => url === '/v1/things').length);

/** Nothing is under way any more, whatever became of it. */
const expectIdle = (made: Upstream): void => {
  expect(made.state().inFlight).toBe(0);
  expect(made.state().endpoints!.map(({ inFlight }) => inFlight)).toEqual([0, 0, 0]);
};

const never: Answer = () => undefined;
const reset: Answer = (_seen, _response, request) => request.socket.resetAndDestroy();

beforeEach(async () => {
  apis = await Promise.all([0, 1, 2].map(() => startHttpApi(reply(200, 'done'))));
  context = testContext();
});

afterEach(async () => {
  await upstreams.close();
  await Promise.all(apis.map((api) => api.close().catch(() => undefined)));
});

describe('calls of an API go', () => {
  it('to the first endpoint, in order of failover', async () => {
    await gets(await upstream().modern(), 5);
    expect(calls()).toEqual([5, 0, 0]);
  });

  it('to each in turn', async () => {
    await gets(await upstream({ balance: 'round-robin' }).modern(), 9);
    expect(calls()).toEqual([3, 3, 3]);
  });

  it('to the one with the fewest requests in flight', async () => {
    const made = upstream({ balance: 'least-requests' });
    const link = await made.modern();
    for (const api of apis) api.answer = never;
    const slow = [0, 1].map(() => call(link, 'GET'));
    await until(() => calls()[0] === 1 && calls()[1] === 1);
    for (const api of apis) api.answer = reply(200, 'done');
    await gets(link, 10);
    expect(calls()).toEqual([1, 1, 10]);
    for (const { cancel } of slow) cancel('enough');
    expectIdle(made);
  });

  it('always to the same one for a principal, and stay where they are when another one leaves', async () => {
    const link = await upstream({ balance: 'hash(principal.id)' }).modern();
    const homes = async (): Promise<readonly number[]> => {
      const found: number[] = [];
      for (let at = 0; at < 60; at += 1) {
        const before = calls();
        await gets(link, 1, () => `idp:user-${at}`);
        found.push(calls().findIndex((count, index) => count > before[index]!));
      }
      return found;
    };
    const before = await homes();
    expect(await homes()).toEqual(before);
    expect([...new Set(before)].sort()).toEqual([0, 1, 2]);
    await kill(apis[1]!);
    for (const [at, home] of (await homes()).entries())
      before[at] === 1 ? expect(home).not.toBe(1) : expect(home).toBe(before[at]);
  });

  it('with the path, host and credential of each endpoint', async () => {
    const credentials = { type: 'api-key', in: 'query', name: 'key', key: 'k&1' } as const;
    const link = await upstream({ balance: 'round-robin', credentials }).modern();
    for (const api of apis) {
      const asked = api.next();
      await ended(link);
      const { url, headers } = await asked;
      expect([url, headers.host]).toEqual(['/v1/things?key=k%261', `127.0.0.1:${api.port}`]);
    }
  });
});

describe('an endpoint of an API that is gone', () => {
  it('[INFRA-01] costs its callers nothing, whatever the method: what could not be sent goes to the next', async () => {
    const breaker = { consecutive: 1, windowMs: 10_000, minimumCalls: 20, openForMs: 30_000 };
    const made = upstream({ breaker, retry: RETRY });
    const link = await made.modern();
    await gets(link, 1);
    await kill(apis[0]!);
    for (const { name } of OPERATIONS) expect(isError(await ended(link, name))).toBe(false);
    expect(calls()[1]).toBe(OPERATIONS.length);
    expect(healthy(made)).toEqual([false, true, true]);
    expect(made.state().breaker).toBe('closed');
    expectIdle(made);
  });

  it.each([undefined, '/ready'])('gets no calls until it answers a check of %s', async (path) => {
    const made = upstream({ health: path === undefined ? HEALTH : { ...HEALTH, path } });
    const link = await made.modern();
    const port = await kill(apis[0]!);
    await until(() => healthy(made)[0] === false);
    await gets(link, 3);
    expect(context.observed.filter((each) => each === 'retry failover')).toEqual([]);
    apis[0] = await startHttpApi(reply(200), '127.0.0.1', port);
    await until(() => healthy(made)[0] === true);
    await gets(link, 3);
    expect(calls()).toEqual([3, 3, 0]);
    expect(context.observed).toEqual([`unhealthy ${apis[0].origin}/v1/`, `healthy ${apis[0].origin}/v1/`]);
    const { method, url } = apis[0].seen[0]!;
    expect([method, url]).toEqual(path === undefined ? ['HEAD', '/v1'] : ['GET', '/v1/ready']);
  });

  it('is one that answers 503, and not one that knows no such path or wants other credentials', async () => {
    apis[0]!.answer = reply(503);
    apis[1]!.answer = reply(404);
    apis[2]!.answer = reply(401);
    const made = upstream({ health: HEALTH });
    await until(() => healthy(made)[0] === false);
    const asked = apis.map(({ seen }) => seen.length);
    await until(() => apis.every(({ seen }, at) => seen.length > asked[at]! + 2));
    expect(healthy(made)).toEqual([false, true, true]);
  });

  it('is one whose own path of health answers with an error of any kind, or hangs', async () => {
    apis[0]!.answer = reply(500);
    apis[1]!.answer = never;
    const made = upstream({ health: { ...HEALTH, path: '/healthz' } });
    await until(() => healthy(made).join() === 'false,false,true');
    await gets(await made.modern(), 2);
    expect(calls()).toEqual([0, 0, 2]);
  });

  it('is found by calls alone, between two checks: time-outs, refusals of a gateway and resets', async () => {
    for (const [at, answer] of [never, reply(502, 'bad gateway')].entries()) {
      const made = upstream();
      const link = await made.modern();
      apis[0]!.answer = answer;
      const options = answer === never ? { timeoutMs: 100 } : {};
      for (let turn = 0; turn < 2; turn += 1) await ended(link, 'GET', options);
      expect(healthy(made)).toEqual([false, true, true]);
      await gets(link, 1);
      expect(calls()[1]).toBe(at + 1);
    }
    const made = upstream();
    const link = await made.modern();
    apis[0]!.answer = reset;
    for (let turn = 0; turn < 2; turn += 1) await ended(link);
    expect(healthy(made)).toEqual([false, true, true]);
  });

  it('is not to blame for callers who wait for less time than it takes', async () => {
    const made = upstream();
    const link = await made.modern();
    apis[0]!.answer = never;
    for (let turn = 0; turn < 3; turn += 1) {
      const sink = await ended(link, 'GET', { deadlineMs: performance.now() + 60 });
      expect(sink.error?.code).toBe('upstream_timeout');
    }
    expect(healthy(made)).toEqual([true, true, true]);
  });

  it('lets calls be tried where none is left, and then opens the breaker', async () => {
    const breaker = { consecutive: 3, windowMs: 10_000, minimumCalls: 20, openForMs: 30_000 };
    const made = upstream({ breaker });
    const link = await made.modern();
    for (const at of [0, 1, 2]) await kill(apis[at]!);
    for (let turn = 0; turn < 3; turn += 1)
      expect((await ended(link)).error?.code).toBe('upstream_unavailable');
    expect((await ended(link)).error?.code).toBe('breaker_open');
    expectIdle(made);
  });

  it('is one to which no connection may be made; that is told in the log', async () => {
    const [, second, third] = apis.map(({ origin }) => origin);
    const made = upstream({ endpoints: ['http://127.0.0.2:9', second!, third!] });
    const link = await made.modern();
    for (let turn = 0; turn < 3; turn += 1) expect(isError(await ended(link, 'POST'))).toBe(false);
    expect(healthy(made)).toEqual([false, true, true]);
    expect(context.logged.map(({ message }) => message)).toEqual([
      'a connection was refused',
      'a connection was refused',
    ]);
  });
});

describe('a call of an operation', () => {
  it('whose method is not idempotent is not sent to another endpoint once a byte was sent', async () => {
    const link = await upstream({ retry: RETRY }).modern();
    apis[0]!.answer = reset;
    for (const method of ['POST', 'PATCH'])
      expect((await ended(link, method)).error?.code).toBe('upstream_unavailable');
    expect(calls()).toEqual([2, 0, 0]);
  });

  it('whose method is idempotent is retried at another endpoint', async () => {
    const link = await upstream({ retry: RETRY }).modern();
    apis[0]!.answer = reply(503);
    apis[1]!.answer = reset;
    for (const method of ['GET', 'HEAD', 'PUT', 'DELETE'])
      expect(isError(await ended(link, method))).toBe(false);
    expect(calls()[2]).toBe(4);
    expect(calls()[0]! + calls()[1]!).toBeLessThanOrEqual(8);
  });

  it.each([
    ['90', 90],
    ['in 90 seconds', 90],
    ['-1', undefined],
    ['soon\u0020<b>', undefined],
  ])('tells the model when to come back: Retry-After: %s', async (value, seconds) => {
    const atThat = value === 'in 90 seconds' ? new Date(Date.now() + 90_000).toUTCString() : value;
    apis[0]!.answer = reply(429, 'slow down', { 'retry-after': atThat });
    // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever came
    const result = (await ended(await upstream().modern())).response!.result as any;
    const [, told] = /^HTTP 429 Too Many Requests(?:\nRetry-After: (\d+))?\n\nslow down$/.exec(
      result.content[0].text,
    )!;
    if (seconds === undefined) expect(told).toBeUndefined();
    else expect(Math.abs(Number(told) - seconds)).toBeLessThan(10);
  });

  it('goes on to no endpoint twice while there is one that was not asked', async () => {
    const link = await upstream({ retry: { ...RETRY, maxAttempts: 4 }, balance: 'round-robin' }).modern();
    for (const api of apis) api.answer = reply(503);
    expect(isError(await ended(link, 'GET'))).toBe(true);
    expect([...calls()].sort()).toEqual([1, 1, 2]);
  });

  it('is hedged at another endpoint; the first answer that is no refusal counts, the other is taken back', async () => {
    const made = upstream({ retry: { ...RETRY, maxAttempts: 1, hedge: { afterMs: 40, max: 2 } } });
    const link = await made.modern();
    let taken = false;
    apis[0]!.answer = (_seen, response) => response.on('close', () => (taken = true));
    apis[1]!.answer = reply(503, 'busy');
    expect(isError(await ended(link))).toBe(false);
    await until(() => taken);
    expect(calls()).toEqual([1, 1, 1]);
    expectIdle(made);
    await ended(link, 'POST', { timeoutMs: 500 });
    expect(calls()).toEqual([2, 1, 1]);
  });

  it('that is cancelled is taken back at each endpoint', async () => {
    const made = upstream({ retry: { ...RETRY, hedge: { afterMs: 20, max: 2 } } });
    const link = await made.modern();
    let closed = 0;
    for (const api of apis) api.answer = (_seen, response) => response.on('close', () => (closed += 1));
    const { cancel } = call(link, 'GET');
    await until(() => calls().join() === '1,1,1');
    cancel('enough');
    await until(() => closed === 3);
    expectIdle(made);
  });
});

it('an upstream that is closed asks no endpoint any more', async () => {
  const made = upstream({ health: HEALTH });
  await until(() => apis.every(({ seen }) => seen.length > 0));
  await made.close();
  upstream({ health: HEALTH, endpoints: [apis[0]!.origin] });
  const asked = apis[0]!.seen.length;
  // By then what was under way has come, too.
  await until(() => apis[0]!.seen.length > asked + 1);
  const before = apis.map(({ seen }) => seen.length);
  await until(() => apis[0]!.seen.length > before[0]! + 3);
  expect(apis.slice(1).map(({ seen }) => seen.length)).toEqual(before.slice(1));
});

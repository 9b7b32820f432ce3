import { request } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { configuration } from '../support/configuration.ts';
import {
  answer,
  answerAsStream,
  type Behaviour,
  event,
  type FastUpstream,
  hang,
  json,
  openStream,
  type Received,
  reset,
} from '../support/fast-upstream.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { keyedCallers } from '../support/keyed-callers.ts';
import { legacyMessage, openSession } from '../support/legacy-client.ts';
import { callTool, modernBody, modernHeaders, modernRequest } from '../support/modern-client.ts';
import { startToolUpstream } from '../support/tool-upstream.ts';

let upstream: FastUpstream;
/** Calls that the upstream has not answered. */
let open: Received[];

beforeEach(async () => {
  upstream = await startToolUpstream('tracker', ['search', 'other']);
  open = [];
  upstream.behave((received) => void open.push(received));
});
afterEach(() => upstream.close());

const answerNext = (): void => answer(open.shift()!);

const start = (limit: object, over: object = {}): Promise<TestGateway> =>
  startTestGateway(
    configuration(
      { tracker: upstream.url },
      {
        server: { limits: ['few'] },
        limits: { few: { type: 'concurrency', tools: ['search'], ...limit } },
        ...over,
      },
    ),
  );

/** How many calls hold a place of the limit, or wait for one. */
const places = async (gateway: TestGateway, kind: 'held' | 'waiting'): Promise<number> =>
  Number(new RegExp(`gatewright_limit_${kind}\\{limit="few"\\} (\\d+)`).exec(await gateway.metrics())?.[1]);

/** Calls, and leaves when told. */
const leaver = (url: string) => {
  const leave = new AbortController();
  const params = { name: 'search', arguments: {} };
  const gone = fetch(url, {
    method: 'POST',
    headers: modernHeaders('tools/call', params, {}),
    body: modernBody('tools/call', params),
    signal: leave.signal,
  }).then(
    () => 'answered',
    () => 'left',
  );
  return { leave: () => leave.abort(), gone };
};

/** The status of a call that comes from `localAddress`. */
const statusFrom = (url: string, localAddress: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const params = { name: 'search', arguments: {} };
    const headers = modernHeaders('tools/call', params, {});
    const options = { method: 'POST', agent: false, localAddress, headers };
    request(url, options, (reply) => reply.resume().on('end', () => resolve(reply.statusCode!)))
      .on('error', reject)
      .end(modernBody('tools/call', params));
  });

describe('a limit on calls at a time', () => {
  it('[RATE-02] refuses the third of two that may run, and takes the next when one has ended', async () => {
    await using gateway = await start({ max: 2 });
    const running = [callTool(gateway.url(), 'search'), callTool(gateway.url(), 'search')];
    await upstream.until(() => open.length === 2);
    const refused = await callTool(gateway.url(), 'search');
    expect(refused.status).toBe(429);
    expect(refused.headers['retry-after']).toBe('1');
    expect(refused.body.error.data).toMatchObject({ code: 'concurrency_limited', limit: 'few' });
    answerNext();
    await Promise.race(running);
    const next = callTool(gateway.url(), 'search');
    await upstream.until(() => open.length === 2);
    answerNext();
    answerNext();
    expect((await next).status).toBe(200);
    for (const each of running) expect((await each).status).toBe(200);
  });

  it('[RATE-02] lets the third wait where there is a queue, and refuses who comes when that is full', async () => {
    await using gateway = await start({ max: 2, queue: 1 });
    const calls = [1, 2, 3].map(() => callTool(gateway.url(), 'search'));
    await upstream.until(() => open.length === 2);
    await expect.poll(() => places(gateway, 'waiting')).toBe(1);
    expect((await callTool(gateway.url(), 'search')).status).toBe(429);
    answerNext();
    await upstream.until(() => open.length === 2);
    answerNext();
    answerNext();
    for (const each of calls) expect((await each).status).toBe(200);
  });

  it('is told of by the status: how many run and wait, and whether it is full', async () => {
    await using gateway = await start({ max: 2, queue: 1, key: [] });
    const told = async () => JSON.parse(await (await fetch(`${gateway.opsUrl}/-/status`)).text()).limits;
    expect(await told()).toMatchObject({ few: { held: 0, waiting: 0, full: false, keys: 0 } });
    const calls = [1, 2, 3].map(() => callTool(gateway.url(), 'search'));
    const fullest = [{ key: 'all', used: 1.5 }];
    await expect.poll(told).toMatchObject({ few: { held: 2, waiting: 1, full: true, fullest } });
    answerNext();
    await upstream.until(() => open.length === 2);
    answerNext();
    answerNext();
    for (const each of calls) expect((await each).status).toBe(200);
    await expect.poll(told).toMatchObject({ few: { held: 0, waiting: 0, full: false, fullest: [] } });
  });

  it('leaves calls of other tools and lists alone', async () => {
    await using gateway = await start({ max: 1 });
    const running = callTool(gateway.url(), 'search');
    await upstream.until(() => open.length === 1);
    const other = callTool(gateway.url(), 'other');
    await upstream.until(() => open.length === 2);
    expect((await modernRequest(gateway.url(), 'tools/list')).status).toBe(200);
    answerNext();
    answerNext();
    expect([(await running).status, (await other).status]).toEqual([200, 200]);
  });

  it('refuses who has waited too long, and says so', async () => {
    await using gateway = await start({ max: 1, queue: 5, queueTimeout: '100ms' });
    const running = callTool(gateway.url(), 'search');
    await upstream.until(() => open.length === 1);
    const late = await callTool(gateway.url(), 'search');
    expect(late.body.error).toMatchObject({
      message: 'no place for the call was free in time',
      data: { code: 'concurrency_limited' },
    });
    answerNext();
    expect((await running).status).toBe(200);
    expect(upstream.calls).toBe(1);
  });

  it('lets callers take turns: one with many calls that wait holds up nobody', async () => {
    const { yaml, files, tokens } = keyedCallers(
      ['ann', 'bob'],
      { tracker: upstream.url },
      {
        server: { identity: ['robots'], limits: ['few'] },
        limits: { few: { type: 'concurrency', max: 1, queue: 10, key: [], tools: ['search'] } },
      },
    );
    await using gateway = await startTestGateway(yaml, { files });
    const call = (token: string, at: number) => callTool(gateway.url(), 'search', { at }, { token });
    const waiting = () => places(gateway, 'waiting');
    const calls = [call(tokens.ann!, 0)];
    await upstream.until(() => open.length === 1);
    for (const at of [1, 2, 3]) {
      calls.push(call(tokens.ann!, at));
      await expect.poll(waiting).toBe(at);
    }
    calls.push(call(tokens.bob!, 9));
    await expect.poll(waiting).toBe(4);
    const order: unknown[] = [];
    for (let count = 0; count < 5; count += 1) {
      await upstream.until(() => open.length === 1);
      order.push((open[0]!.message.params!.arguments as { at: number }).at);
      answerNext();
    }
    expect(order).toEqual([0, 1, 9, 2, 3]);
    await Promise.all(calls);
  });

  it('tells anonymous callers apart by address: one of them does not fill the queue for all', async () => {
    await using gateway = await start({ max: 1, queue: 2, key: [] });
    const waiting = () => places(gateway, 'waiting');
    const running = statusFrom(gateway.url(), '127.0.0.1');
    await upstream.until(() => open.length === 1);
    const early = statusFrom(gateway.url(), '127.0.0.1');
    await expect.poll(waiting).toBe(1);
    const late = statusFrom(gateway.url(), '127.0.0.1');
    await expect.poll(waiting).toBe(2);
    const other = statusFrom(gateway.url(), '127.0.0.2');
    expect(await late).toBe(429);
    for (let answered = 0; answered < 3; answered += 1) {
      await upstream.until(() => open.length === 1);
      answerNext();
    }
    expect(await Promise.all([running, early, other])).toEqual([200, 200, 200]);
  });

  it('takes out of the queue who goes away, and gives the place back of one that runs', async () => {
    await using gateway = await start({ max: 1, queue: 1 });
    const running = leaver(gateway.url());
    await upstream.until(() => open.length === 1);
    const waiting = leaver(gateway.url());
    await expect.poll(() => places(gateway, 'waiting')).toBe(1);
    waiting.leave();
    expect(await waiting.gone).toBe('left');
    await expect.poll(() => places(gateway, 'waiting')).toBe(0);
    const next = callTool(gateway.url(), 'search');
    running.leave();
    await upstream.until(() => open.length === 2);
    answer(open[1]!);
    expect((await next).status).toBe(200);
    // The one that left the queue was never asked upstream.
    expect(upstream.calls).toBe(2);
  });

  it('counts what is under way over a reload, and holds to the new number', async () => {
    const yaml = (max: number) =>
      configuration(
        { tracker: upstream.url },
        { server: { limits: ['few'] }, limits: { few: { type: 'concurrency', max, tools: ['search'] } } },
      );
    await using gateway = await startTestGateway(yaml(1));
    const running = callTool(gateway.url(), 'search');
    await upstream.until(() => open.length === 1);
    await gateway.load(yaml(2));
    const second = callTool(gateway.url(), 'search');
    await upstream.until(() => open.length === 2);
    expect((await callTool(gateway.url(), 'search')).status).toBe(429);
    answerNext();
    answerNext();
    expect([(await running).status, (await second).status]).toEqual([200, 200]);
  });
});

const streamThat =
  (end: (received: Received) => void): Behaviour =>
  (received) => {
    openStream(received.response);
    received.response.write(
      event({ jsonrpc: '2.0', method: 'notifications/message', params: { level: 'info', data: '' } }),
    );
    end(received);
  };

describe('the place of a call', () => {
  it.each<[string, Behaviour]>([
    ['is answered', answer],
    ['is answered by a stream', answerAsStream],
    [
      'is answered with an error',
      ({ message, response }) =>
        json(response, { jsonrpc: '2.0', id: message.id, error: { code: -32000, message: 'no' } }),
    ],
    ['is answered with what is no JSON', ({ response }) => void response.end('{')],
    ['is refused with a status', ({ response }) => void response.writeHead(500).end()],
    ['is cut off', reset],
    ['is cut off in its stream', streamThat(({ request }) => void request.socket.resetAndDestroy())],
    ['is never answered', hang],
    ['is never answered in its stream', streamThat(() => undefined)],
    [
      'has a result that is passed on in pieces',
      ({ message, response }) =>
        json(response, {
          jsonrpc: '2.0',
          id: message.id,
          result: { content: [{ type: 'text', text: 'x'.repeat(3 * 1024 * 1024) }], resultType: 'complete' },
        }),
    ],
    [
      'has a result that breaks off in its pieces',
      ({ message, response }) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': '9000000' });
        response.write(`{"jsonrpc":"2.0","id":${message.id},"result":{"content":[{"type":"text","text":"`);
        response.write('x'.repeat(3 * 1024 * 1024), () => response.destroy());
      },
    ],
  ])('is given back when it %s', async (_, behaviour) => {
    await using gateway = await start({ max: 1 }, { upstream: { timeouts: { call: '400ms' } } });
    upstream.behave(behaviour);
    await callTool(gateway.url(), 'search').catch(() => undefined);
    upstream.behave(answer);
    expect((await callTool(gateway.url(), 'search')).status).toBe(200);
    expect(await places(gateway, 'held')).toBe(0);
  });

  it('is given back when a legacy client takes its call back, waiting or under way, or ends its session', async () => {
    await using gateway = await start({ max: 1, queue: 1 });
    const session = await openSession(gateway.url());
    const call = (id: number) => {
      const message = { jsonrpc: '2.0', id, method: 'tools/call', params: { name: 'search', arguments: {} } };
      return legacyMessage(gateway.url(), session, message).catch(() => undefined);
    };
    const cancel = (requestId: number) =>
      legacyMessage(gateway.url(), session, {
        jsonrpc: '2.0',
        method: 'notifications/cancelled',
        params: { requestId },
      });
    const waiting = () => places(gateway, 'waiting');
    const held = () => places(gateway, 'held');
    const calls = [call(11)];
    await upstream.until(() => open.length === 1);
    calls.push(call(12));
    await expect.poll(waiting).toBe(1);
    await cancel(12);
    expect(await waiting()).toBe(0);
    await cancel(11);
    expect(await held()).toBe(0);
    calls.push(call(13));
    await upstream.until(() => open.length === 2);
    expect(await held()).toBe(1);
    await fetch(gateway.url(), { method: 'DELETE', headers: session });
    expect(await held()).toBe(0);
    await Promise.all(calls);
  });
});

describe('threads', () => {
  it('[RATE-02/workers] let no more calls run together than one would', async () => {
    await using gateway = await startTestGateway(
      configuration(
        { tracker: upstream.url },
        {
          workers: 2,
          server: { limits: ['few'] },
          limits: { few: { type: 'concurrency', max: 3, queue: 100, key: [], tools: ['search'] } },
        },
      ),
      { tap: false },
    );
    let running = 0;
    let most = 0;
    // The first wait for each other: later ones may come one by one.
    const { promise: areThree, resolve: letGo } = Promise.withResolvers<void>();
    upstream.behave(async (received) => {
      running += 1;
      most = Math.max(most, running);
      if (running === 3) letGo();
      await areThree;
      setImmediate(() => {
        running -= 1;
        answer(received);
      });
    });
    const url = gateway.url();
    const client = async (): Promise<void> => {
      for (let call = 0; call < 10; call += 1) {
        const params = { name: 'search', arguments: {} };
        // A connection for each call, so that the kernel spreads them over the threads.
        const headers = { ...modernHeaders('tools/call', params, {}), connection: 'close' };
        const reply = await fetch(url, { method: 'POST', headers, body: modernBody('tools/call', params) });
        expect(reply.status).toBe(200);
        await reply.text();
      }
    };
    await Promise.all(Array.from({ length: 20 }, client));
    expect(most).toBe(3);
    expect(upstream.calls).toBe(200);
    expect(await places(gateway, 'held')).toBe(0);
  }, 60_000);
});

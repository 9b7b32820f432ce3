import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { configuration } from '../support/configuration.ts';
import { EventStreamClient } from '../support/event-stream-client.ts';
import {
  answer,
  beginStream,
  endStream,
  type FastUpstream,
  type Received,
} from '../support/fast-upstream.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { legacyMessage, legacyRequest, openSession, streamedRequest } from '../support/legacy-client.ts';
import { openListen } from '../support/listen-client.ts';
import { callTool } from '../support/modern-client.ts';
import { scrape } from '../support/scrape.ts';
import { startToolUpstream } from '../support/tool-upstream.ts';
import { WebSocketClient } from '../support/web-socket-client.ts';

// Fifty reloads of a large graph take a loaded machine a minute.
vi.setConfig({ testTimeout: 240_000 });

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

let upstream: FastUpstream;
let held: Received[];
beforeEach(async () => {
  held = [];
  upstream = await startToolUpstream('tracker', ['get_issue']);
  upstream.behave((received) => held.push(received));
});
afterEach(() => upstream.close());

const DRAIN = { watch: false, drain: { window: '50ms', deadline: '1500ms' } };

/** Two servers of one upstream: the rule of `main` changes, `steady` stays as it is. */
const yamlOf = (
  rule: string,
  reload: object = DRAIN,
  labels: Readonly<Record<string, string>> = {},
): string => {
  const whole = JSON.parse(
    configuration(
      { tracker: upstream.url },
      { reload, server: { policies: ['rule'], labels }, policies: { rule: { type: 'cel', allow: rule } } },
    ),
  );
  whole.servers.steady = {
    at: [{ listener: 'main', path: '/steady' }],
    anonymous: true,
    expose: [{ upstream: 'tracker' }],
  };
  return JSON.stringify(whole);
};

const applied = async (gateway: TestGateway, text: string): Promise<void> => {
  const { result, error } = await gateway.load(text);
  expect([result, error]).toEqual(['applied', undefined]);
};

/** How a call ends: by the code of its error, or by its status. */
const outcome = (call: ReturnType<typeof callTool>): Promise<string> =>
  call.then(({ status, body }) => body.error?.data.code ?? String(status));

const GET_ISSUE = { name: 'get_issue', arguments: {} };

// biome-ignore lint/suspicious/noExplicitAny: tests read whatever came
const endOf = ({ error }: any): string => (error === undefined ? 'answered' : error.data.code);

const isOpen = ({ response }: Received): boolean => !response.destroyed && !response.writableEnded;

describe('calls of a server whose rules have changed', () => {
  it('are cut at the deadline of the drain, though their upstream is the same; those of other servers go on', async () => {
    await using gateway = await startTestGateway(yamlOf('true'), { tap: false });
    const changed = outcome(callTool(gateway.url('main'), 'get_issue'));
    const steady = outcome(callTool(gateway.url('steady'), 'get_issue'));
    const session = await openSession(gateway.url('main'));
    const params = { name: 'get_issue', arguments: {} };
    const legacy = legacyRequest(gateway.url('main'), 'tools/call', params, session);
    await upstream.until(() => held.length === 3);
    await applied(gateway, yamlOf('true || true'));
    // Not at once: until the deadline they may finish.
    expect(held.every(isOpen)).toBe(true);
    const later = outcome(callTool(gateway.url('main'), 'get_issue'));
    await upstream.until(() => held.length === 4);

    expect(await changed).toBe('shutting_down');
    expect((await legacy).text).toContain('"code":"shutting_down"');
    for (const received of held.filter(isOpen)) answer(received);
    expect(await Promise.all([steady, later])).toEqual(['200', '200']);
  });

  it('are cut, and streams are not: these end with their result, or go on', async () => {
    const keep = { ...DRAIN, onPolicyChange: 'keep' };
    await using gateway = await startTestGateway(yamlOf('true', keep), { tap: false });
    const listen = await openListen(gateway.url('main'), { toolsListChanged: true });
    const session = await openSession(gateway.url('main'));
    const accept = 'text/event-stream';
    const get = await EventStreamClient.open(gateway.url('main'), { headers: { ...session, accept } });
    const call = outcome(callTool(gateway.url('main'), 'get_issue'));
    await upstream.until(() => held.length === 1);
    await applied(gateway, yamlOf('true || true', keep));
    expect(await call).toBe('shutting_down');
    expect(await listen.over).toBe('ended');
    expect(listen.messages.at(-1).result.resultType).toBe('complete');
    // What was cut with the call would be seen by now.
    await legacyRequest(gateway.url('main'), 'ping', {}, session);
    expect(await Promise.race([get.over, Promise.resolve('open')])).toBe('open');
    get.close();
  });

  it('go on where the rules come back before the deadline', async () => {
    const slow = { ...DRAIN, drain: { window: '50ms', deadline: '1h' } };
    await using gateway = await startTestGateway(yamlOf('true', slow), { tap: false });
    const call = outcome(callTool(gateway.url('main'), 'get_issue'));
    await upstream.until(() => held.length === 1);
    await applied(gateway, yamlOf('false', slow));
    await applied(gateway, yamlOf('true', slow));
    answer(held[0]!);
    expect(await call).toBe('200');
  });
});

/** Opens a session over a transport; what is returned makes a call in it, and resolves to how that ends. */
const TRANSPORTS: Readonly<Record<string, (url: string) => Promise<(id: string) => Promise<string>>>> = {
  'streamable HTTP': async (url) => {
    const session = await openSession(url);
    return async (id) => {
      const { text } = await legacyMessage(url, session, { id, method: 'tools/call', params: GET_ISSUE });
      return endOf(JSON.parse(text.replace(/^[^{]*data: /s, '')));
    };
  },
  WebSocket: async (url) => {
    const client = await WebSocketClient.open(url);
    await client.initialize();
    return async (id) => {
      client.call(id, 'get_issue');
      const isIt = (message: { readonly id?: unknown }) => message.id === id;
      await expect.poll(() => client.messages.some(isIt), { timeout: 10_000 }).toBe(true);
      return endOf(client.messages.find(isIt));
    };
  },
  'HTTP+SSE': async (url) => {
    const accept = 'text/event-stream';
    const stream = await EventStreamClient.open(`${url}/sse`, { headers: { accept } });
    await expect.poll(() => stream.events[0]?.event).toBe('endpoint');
    const postUrl = new URL(stream.events[0]!.data!, url).href;
    const ask = async (id: string, method: string, params: object) => {
      const body = JSON.stringify({ jsonrpc: '2.0', id, method, params });
      await fetch(postUrl, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
      const isIt = ({ data }: { readonly data?: string | undefined }) =>
        data?.includes(`"id":"${id}"`) === true;
      await expect.poll(() => stream.events.some(isIt), { timeout: 10_000 }).toBe(true);
      return JSON.parse(stream.events.find(isIt)!.data!);
    };
    const clientInfo = { name: 'test-client', version: '1.0.0' };
    await ask('init', 'initialize', { protocolVersion: '2024-11-05', capabilities: {}, clientInfo });
    return async (id) => endOf(await ask(id, 'tools/call', GET_ISSUE));
  },
};

describe('calls of sessions', () => {
  const yaml = (rule: string, call: string, deadline = '1500ms'): string =>
    configuration(
      { tracker: upstream.url },
      {
        reload: { watch: false, drain: { window: '50ms', deadline } },
        server: { protocol: { legacySse: true, websocket: true }, policies: ['rule'] },
        upstream: { timeouts: { call } },
        policies: { rule: { type: 'cel', allow: rule } },
      },
    );

  it('go on where the upstream changed while their connection was lost, and are answered to who comes back', async () => {
    upstream.behave((received) => {
      beginStream(received);
      held.push(received);
    });
    await using gateway = await startTestGateway(yaml('true', '60s'), { tap: false });
    const session = await openSession(gateway.url());
    const params = { ...GET_ISSUE, _meta: { progressToken: 'p' } };
    const lost = await streamedRequest(gateway.url(), session, { id: 1, method: 'tools/call', params });
    await lost.message(({ method }) => method === 'notifications/progress');
    const lastId = lost.events.at(-1)!.id!;
    lost.close();
    await expect
      .poll(() => gateway.metrics(), { timeout: 10_000 })
      .toContain('gatewright_requests_in_flight{listener="main"} 0');
    await applied(gateway, yaml('true', '50s', '1h'));
    expect(await gateway.metrics()).toContain('gatewright_generations{state="draining"} 1');
    endStream(held[0]!);
    const headers = { ...session, accept: 'text/event-stream', 'last-event-id': lastId };
    const resumed = await EventStreamClient.open(gateway.url(), { headers });
    expect((await resumed.message(({ id }) => id === 1)).result).toBeDefined();
  });

  describe.each(Object.entries(TRANSPORTS))('over %s', (_, open) => {
    it.each([
      ['rules', 'true || true', '60s'],
      ['upstream', 'true', '50s'],
    ] as const)(
      'are cut at the deadline where the %s changed, and not before',
      async (_what, rule, callTimeout) => {
        await using gateway = await startTestGateway(yaml('true', '60s'), { tap: false });
        const call = await open(gateway.url());
        const quick = call('quick');
        await upstream.until(() => held.length === 1);
        const slow = call('slow');
        await upstream.until(() => held.length === 2);
        await applied(gateway, yaml(rule, callTimeout));
        answer(held[0]!);
        expect(await quick).toBe('answered');
        const later = call('later');
        await upstream.until(() => held.length === 3);
        expect(await slow).toBe('shutting_down');
        answer(held[2]!);
        expect(await later).toBe('answered');
        // What was kept for their sake goes with them.
        await expect.poll(() => upstream.sessions.size).toBe(1);
      },
    );
  });
});

// Fifty reloads, each of a megabyte.
const SLOW = { timeout: 240_000 };

describe('over fifty changes of a policy, with a call under each that does not end', SLOW, () => {
  const CHANGES = 50;
  const reload = { ...DRAIN, drain: { window: '50ms', deadline: '1h' }, maxGenerations: 3 };
  /** What a graph has that nothing else does; each is about a megabyte. */
  const labels = (at: number) =>
    Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`l${n}`, `${at}-${n}`.padEnd(10_000, 'x')]));

  it.each([
    ['main', CHANGES - 3],
    ['steady', 0],
  ])('no more generations live than may, nor what only they had: calls of `%s`', async (server, cut) => {
    await using gateway = await startTestGateway(yamlOf('true', reload, labels(0)), { tap: false });
    const outcomes: string[] = [];
    const call = async (count: number): Promise<void> => {
      void outcome(callTool(gateway.url(server), 'get_issue')).then(
        (code) => outcomes.push(code),
        () => undefined,
      );
      await upstream.until(() => held.length === count);
    };
    await call(1);
    collect();
    const before = process.memoryUsage().heapUsed;
    for (let at = 1; at < CHANGES; at += 1) {
      await applied(gateway, yamlOf(`${at} > 0`, reload, labels(at)));
      await call(at + 1);
    }
    const alive = async () => (await scrape(gateway.opsUrl)).get('gatewright_generations{state="draining"}');
    await expect.poll(alive, { timeout: 60_000 }).toBeLessThanOrEqual(2);
    await expect.poll(() => outcomes.length, { timeout: 60_000 }).toBe(cut);
    expect(new Set(outcomes)).toEqual(new Set(cut === 0 ? [] : ['shutting_down']));
    const grown = () => {
      collect();
      return process.memoryUsage().heapUsed - before;
    };
    // Three generations, and as many sources; fifty would be fifty times a megabyte, and more.
    await expect.poll(grown, { timeout: 60_000, interval: 200 }).toBeLessThan(20e6);
    for (const received of held.filter(isOpen)) answer(received);
  });
});

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeApiKey } from '../../runtime/identity/api-key.ts';
import { configuration } from '../support/configuration.ts';
import { answer, type FastUpstream } from '../support/fast-upstream.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { openSession } from '../support/legacy-client.ts';
import { callTool, modernBody, modernHeaders } from '../support/modern-client.ts';
import { rawRequest } from '../support/raw-request.ts';
import { startToolUpstream } from '../support/tool-upstream.ts';

let upstream: FastUpstream;
beforeEach(async () => {
  upstream = await startToolUpstream('tracker', ['echo', 'fetch']);
});
afterEach(() => upstream.close());

const start = (limit: object, over: object = {}): Promise<TestGateway> =>
  startTestGateway(
    configuration(
      { tracker: upstream.url },
      { server: { limits: ['one'] }, limits: { one: limit }, ...over },
    ),
  );

/** The status of a call with these headers. */
const callWith = async (
  gateway: TestGateway,
  headers: Record<string, string>,
  name = 'echo',
): Promise<number> => (await callTool(gateway.url(), name, {}, { headers })).status;

const BY_ADDRESS = { type: 'quota', quota: '2/3650d', key: ['client.address'] };

describe('a limit by address', () => {
  it('[RATE-01] goes by the connection, whatever headers of proxies a caller writes itself', async () => {
    await using gateway = await start(BY_ADDRESS);
    const statuses = [];
    for (let at = 1; at <= 6; at += 1) {
      const address = `203.0.113.${at}`;
      const spoofed = ['x-forwarded-for', 'x-real-ip', 'true-client-ip', 'cf-connecting-ip', 'x-client-ip'];
      const headers = Object.fromEntries(spoofed.map((name) => [name, address]));
      statuses.push(await callWith(gateway, { ...headers, forwarded: `for=${address}` }));
    }
    expect(statuses).toEqual([200, 200, 429, 429, 429, 429]);
  });

  const proxied = () => start(BY_ADDRESS, { listener: { trustedProxies: ['127.0.0.0/8', '10.0.0.0/8'] } });

  it('[RATE-01] goes by what a proxy of ours adds, and not by what its client had written there', async () => {
    await using gateway = await proxied();
    const from = (left: string, client: string) =>
      callWith(gateway, { 'x-forwarded-for': `${left}, ${client}, 10.1.2.3` });
    const statuses = [];
    for (let at = 1; at <= 4; at += 1) statuses.push(await from(`203.0.113.${at}`, '192.0.2.1'));
    // The proxy may say the same address in other words.
    for (const same of ['::ffff:192.0.2.1', '::FFFF:C000:0201', '192.0.2.1:4711'])
      statuses.push(await from('203.0.113.9', same));
    expect(statuses).toEqual([200, 200, 429, 429, 429, 429, 429]);
    expect(await from('192.0.2.1', '192.0.2.7')).toBe(200);
    expect(await callWith(gateway, { forwarded: 'for=192.0.2.1;proto=https, for=10.1.2.3' })).toBe(429);
  });

  it('[RATE-01] counts an IPv6 client once, in whichever address of its network it comes', async () => {
    await using gateway = await proxied();
    const statuses = [];
    for (const client of [
      '2001:db8:1:2::1',
      '2001:db8:1:2:ffff::2',
      '[2001:DB8:1:2::3]:99',
      '2001:0db8:0001:0002::4',
    ])
      statuses.push(await callWith(gateway, { 'x-forwarded-for': client }));
    expect(statuses).toEqual([200, 200, 429, 429]);
    expect(await callWith(gateway, { 'x-forwarded-for': '2001:db8:1:3::1' })).toBe(200);
  });

  it('[RATE-01] lets through nothing of whom a proxy does not tell the address', async () => {
    await using gateway = await proxied();
    for (const told of ['unknown', 'me, _hidden', '192.0.2.1.5', '', ',', '192.0.2.1%eth0'])
      expect(await callWith(gateway, { 'x-forwarded-for': told }), told).toBe(400);
    expect(upstream.calls).toBe(0);
  });
});

describe('a limit by caller', () => {
  it.each(['principal.id', '(principal.id)', "principal.tenant + ' ' + principal.id"])(
    '[RATE-01] is not used up for one caller by another, whom another identity calls the same: %s',
    async (expression) => {
      const [staff, robots] = [makeApiKey('alice'), makeApiKey('alice')];
      const keys = ({ hash }: { readonly hash: string }) =>
        JSON.stringify({ keys: [{ id: 'alice', hash, servers: ['main'] }] });
      await using gateway = await startTestGateway(
        configuration(
          { tracker: upstream.url },
          {
            identity: {
              staff: { type: 'api-key', keysFile: './staff.yaml' },
              robots: { type: 'api-key', keysFile: './robots.yaml' },
            },
            server: { identity: ['staff', 'robots'], limits: ['one'] },
            limits: { one: { type: 'quota', quota: '1/3650d', key: [expression] } },
          },
        ),
        { files: { 'staff.yaml': keys(staff), 'robots.yaml': keys(robots) } },
      );
      const status = async ({ key }: { readonly key: string }): Promise<number> =>
        (await callTool(gateway.url(), 'echo', {}, { token: key })).status;
      const statuses: number[] = [];
      for (const caller of [robots, robots, staff, staff]) statuses.push(await status(caller));
      expect(statuses).toEqual([200, 429, 200, 429]);
    },
  );
});

describe('a limit on a tool', () => {
  it('[RATE-02] is met by no other spelling of its name', async () => {
    await using gateway = await start({
      type: 'quota',
      quota: '1/3650d',
      key: ['tool.name'],
      tools: ['fetch'],
    });
    expect(await callWith(gateway, {}, 'fetch')).toBe(200);
    const spellings = [
      'FETCH',
      'fetch ',
      'fetch\u0000',
      'fe\u0301tch',
      '\uff46etch',
      'fetch\u200b',
      './fetch',
      'fetch/',
    ];
    for (const name of spellings) {
      // A header has no such text: the name is told in the body alone, and then in neither.
      const { text } = await rawRequest(gateway.url(), {
        method: 'POST',
        headers: modernHeaders('tools/call', { name: 'fetch' }, {}),
        body: modernBody('tools/call', { name, arguments: {} }),
      });
      expect(JSON.parse(text).error, JSON.stringify(name)).toBeDefined();
    }
    expect(await callWith(gateway, {}, 'fetch')).toBe(429);
    expect(upstream.calls).toBe(1);
  });
});

describe('a limit by an argument', () => {
  const byRepository = () => start({ type: 'quota', quota: '1/3650d', key: ['args.repository'] });
  const post = async (gateway: TestGateway, args: string): Promise<number> => {
    const body = modernBody('tools/call', { name: 'echo', arguments: {} });
    const { status } = await rawRequest(gateway.url(), {
      method: 'POST',
      headers: modernHeaders('tools/call', { name: 'echo' }, {}),
      body: body.replace('"arguments":{}', `"arguments":${args}`),
    });
    return status;
  };

  it('[RATE-01] counts what the upstream will read: an escape is the same, and a member twice is not sent on', async () => {
    await using gateway = await byRepository();
    expect(await post(gateway, '{"repository":"one"}')).toBe(200);
    expect(await post(gateway, '{"r\\u0065pository":"on\\u0065"}')).toBe(429);
    const calls = upstream.calls;
    for (const twice of [
      '{"repository":"one","repository":"fresh 1"}',
      '{"repository":"fresh 2","repository":"one"}',
      '{"repository":"fresh 3","r\\u0065pository":"one"}',
    ])
      expect(await post(gateway, twice), twice).not.toBe(200);
    expect(upstream.calls).toBe(calls);
  });

  it('[RATE-01] has one count for all that is no text, number or list of such, whatever its members', async () => {
    await using gateway = await byRepository();
    const values = ['{"a":1}', '{"b":2}', 'null', '{"__proto__":"x"}', '{"toString":1}'];
    const statuses = [];
    for (const value of values) statuses.push(await post(gateway, `{"repository":${value}}`));
    expect(statuses).toEqual([200, 429, 429, 429, 429]);
    expect(await post(gateway, '{"__proto__":{"repository":"polluted"}}')).toBe(429);
  });

  it('[RATE-01] tells keys of any length apart, to their last character', async () => {
    await using gateway = await byRepository();
    const long = 'x'.repeat(1024 * 1024);
    expect(await post(gateway, `{"repository":"${long}a"}`)).toBe(200);
    expect(await post(gateway, `{"repository":"${long}a"}`)).toBe(429);
    expect(await post(gateway, `{"repository":"${long}b"}`)).toBe(200);
  });
});

describe('a limit and what a message can hold', () => {
  it('[RATE-01] counts each entry of a batch by itself', async () => {
    await using gateway = await start(
      { type: 'quota', quota: '3/3650d', cost: { '*': 0, 'tools/call': 1 } },
      { server: { limits: ['one'], protocol: { legacySse: true } } },
    );
    const session = await openSession(gateway.url(), {}, { version: '2025-03-26' });
    const batch = Array.from({ length: 10 }, (_, id) => ({
      jsonrpc: '2.0',
      id,
      method: 'tools/call',
      params: { name: 'echo', arguments: {} },
    }));
    const { text } = await rawRequest(gateway.url(), {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...session,
      },
      body: JSON.stringify(batch),
    });
    expect(text.match(/"result":/g)).toHaveLength(3);
    expect(text.match(/"quota_exhausted"/g)).toHaveLength(7);
    expect(upstream.calls).toBe(3);
  });

  it('[RATE-01] lets no call through that is sent as a notification', async () => {
    await using gateway = await start({ type: 'quota', quota: '3/3650d' });
    const { id: _, ...message } = JSON.parse(modernBody('tools/call', { name: 'echo', arguments: {} }));
    for (let count = 0; count < 5; count += 1)
      await rawRequest(gateway.url(), {
        method: 'POST',
        headers: modernHeaders('tools/call', { name: 'echo' }, {}),
        body: JSON.stringify(message),
      });
    expect(upstream.calls).toBe(0);
  });

  it('[RATE-02] gives back a place once, however often and by whatever a call is ended', async () => {
    const kept: (() => void)[] = [];
    let isKept = true;
    upstream.on('tools/call', (received) => {
      if (isKept) kept.push(() => answer(received));
      else answer(received);
    });
    await using gateway = await start({ type: 'concurrency', max: 3, queue: 5, key: [] });
    const body = modernBody('tools/call', { name: 'echo', arguments: {} });
    const headers = modernHeaders('tools/call', { name: 'echo' }, {});
    const places = async () => {
      const status = (await (await fetch(`${gateway.opsUrl}/-/status`)).json()) as {
        readonly limits: { readonly one: { readonly held: number; readonly waiting: number } };
      };
      const { held, waiting } = status.limits.one;
      return [held, waiting];
    };
    for (let round = 0; round < 20; round += 1) {
      const cuts = Array.from({ length: 8 }, () => new AbortController());
      const calls = cuts.map(({ signal }) =>
        fetch(gateway.url(), { method: 'POST', headers, body, signal }).then(
          (reply) => reply.text(),
          () => '',
        ),
      );
      await expect.poll(places).toEqual([3, 5]);
      // Some are answered, some gone, and some both at once.
      for (const [at, cut] of cuts.entries()) if (at % 2 === round % 2) cut.abort();
      for (const answerIt of kept.splice(0)) answerIt();
      for (const cut of cuts) cut.abort();
      await Promise.all(calls);
      await expect.poll(places).toEqual([0, 0]);
    }
    for (const answerIt of kept.splice(0)) answerIt();
    isKept = false;
    expect(await callWith(gateway, {})).toBe(200);
  });
});

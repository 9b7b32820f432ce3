import http from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configuration } from '../support/configuration.ts';
import type { FastUpstream } from '../support/fast-upstream.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { makeSigningKey, type SigningKey } from '../support/issuer.ts';
import { modernBody, modernHeaders } from '../support/modern-client.ts';
import { type RawAnswer, type RawRequest, rawRequest } from '../support/raw-request.ts';
import { scrape } from '../support/scrape.ts';
import { startToolUpstream } from '../support/tool-upstream.ts';

let upstream: FastUpstream;
let key: SigningKey;

beforeAll(async () => {
  upstream = await startToolUpstream('tracker', ['get_issue']);
  key = await makeSigningKey('ES256', 'k1');
});
afterAll(() => upstream.close());

const start = (listener: object, over: object = {}): Promise<TestGateway> =>
  startTestGateway(configuration({ tracker: upstream.url }, { listener, ...over }), {
    tap: false,
    files: { 'jwks.json': JSON.stringify({ keys: [key.publicJwk] }) },
  });

const PARAMS = { name: 'get_issue', arguments: {} };

const call = (gateway: TestGateway, from: string, headers: RawRequest['headers'] = {}): Promise<RawAnswer> =>
  rawRequest(gateway.audience(), {
    method: 'POST',
    from,
    headers: { ...modernHeaders('tools/call', PARAMS, {}), ...headers },
    body: modernBody('tools/call', PARAMS),
  });

const codeOf = ({ text }: RawAnswer): string => JSON.parse(text).error.data.code;

/** Resolves if the connection was cut without an answer. */
const cut = (attempt: Promise<RawAnswer>): Promise<void> =>
  attempt.then(
    ({ status }) => expect.unreachable(`answered with ${status}`),
    (error: NodeJS.ErrnoException) => expect(error.code).toMatch(/^(ECONNRESET|EPIPE)$/),
  );

const REFUSED = 'gatewright_connections_refused_total{listener="main",reason="address"}';

describe('addresses of peers', () => {
  it('[AUTHZ-04] serves an address on the allow list and closes the connection of any other at accept', async () => {
    await using gateway = await start({ ip: { allow: ['127.0.0.1', '127.0.8.0/24'] } });
    const before = upstream.calls;
    expect((await call(gateway, '127.0.0.1')).status).toBe(200);
    expect((await call(gateway, '127.0.8.77')).status).toBe(200);
    await cut(call(gateway, '127.0.9.1'));
    await cut(call(gateway, '127.0.0.2'));
    expect(upstream.calls - before).toBe(2);
    expect((await scrape(gateway.opsUrl)).get(REFUSED)).toBe(2);
  });

  it('[AUTHZ-04] lets a denied range win over an allowed one', async () => {
    await using gateway = await start({ ip: { allow: ['127.0.0.0/8'], deny: ['127.66.0.0/16'] } });
    expect((await call(gateway, '127.65.255.255')).status).toBe(200);
    await cut(call(gateway, '127.66.0.1'));
    expect((await scrape(gateway.opsUrl)).get(REFUSED)).toBe(1);
  });

  it('[AUTHZ-04] does not believe forwarded headers of a peer that is no proxy of ours', async () => {
    await using gateway = await start({
      ip: { allow: ['127.0.0.1', '10.0.0.0/24'], deny: ['10.66.0.0/16'] },
      trustedProxies: ['127.0.0.5'],
    });
    for (const forged of [
      { 'x-forwarded-for': '10.0.0.9' },
      { forwarded: 'for=10.0.0.9' },
      { 'x-real-ip': '10.0.0.9' },
    ])
      await cut(call(gateway, '127.0.0.2', forged));
    const accused = await call(gateway, '127.0.0.1', { 'x-forwarded-for': '10.66.0.1' });
    expect(accused.status).toBe(200);
    expect(await gateway.log()).toContain('"clientAddress":"127.0.0.1"');
  });

  it('[AUTHZ-04] refuses the next request on a connection whose address a reload has denied', async () => {
    await using gateway = await start({});
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const ask = (): Promise<number> =>
      new Promise((resolve, reject) => {
        http
          .get(gateway.audience(), { agent, localAddress: '127.0.0.3' }, (response) => {
            response.resume().on('end', () => resolve(response.statusCode!));
          })
          .on('error', reject);
      });
    expect(await ask()).toBe(400);
    const denied = configuration({ tracker: upstream.url }, { listener: { ip: { deny: ['127.0.0.3'] } } });
    expect((await gateway.load(denied)).result).toBe('applied');
    expect(await ask()).toBe(403);
    agent.destroy();
  });
});

describe('addresses that a trusted proxy tells', () => {
  const PROXY = '127.0.0.5';
  const listener = {
    trustedProxies: [PROXY, '127.0.0.6'],
    ip: { allow: ['10.0.0.0/24', '2001:db8::/32'], deny: ['10.0.0.66'] },
  };
  const guarded = {
    identity: { workforce: { type: 'jwt', issuer: 'https://id.test.example', jwksFile: './jwks.json' } },
    server: { identity: ['workforce'] },
  };

  it('[AUTHZ-04] takes the caller for the address that the proxy saw', async () => {
    await using gateway = await start(listener);
    for (const headers of [
      { 'x-forwarded-for': '10.0.0.7' },
      { 'x-forwarded-for': '10.0.0.7, 127.0.0.6' },
      { forwarded: 'for=10.0.0.7;proto=https, for=127.0.0.6' },
      { forwarded: 'for="[2001:db8::7]:4711"' },
    ])
      expect((await call(gateway, PROXY, headers)).status).toBe(200);
    const log = await gateway.log();
    expect(log).toContain('"clientAddress":"10.0.0.7"');
    expect(log).toContain('"clientAddress":"2001:db8::7"');
  });

  it('[AUTHZ-04] answers 403 before route, identity and body to an address that is not allowed', async () => {
    await using gateway = await start(listener, guarded);
    const outside = { 'x-forwarded-for': '10.1.0.5' };
    const inside = { 'x-forwarded-for': '10.0.0.7' };
    expect((await call(gateway, PROXY, inside)).status).toBe(401);
    const refused = await call(gateway, PROXY, outside);
    expect(refused.status).toBe(403);
    expect(codeOf(refused)).toBe('address_refused');
    expect(refused.headers['www-authenticate']).toBeUndefined();
    const { origin } = new URL(gateway.audience());
    expect((await rawRequest(`${origin}/nowhere`, { from: PROXY, headers: inside })).status).toBe(404);
    expect((await rawRequest(`${origin}/nowhere`, { from: PROXY, headers: outside })).status).toBe(403);
    const promised = { ...outside, 'content-length': '100', 'content-type': 'application/json' };
    expect(await statusWithoutBody(gateway.audience(), PROXY, promised)).toBe(403);
    expect((await scrape(gateway.opsUrl)).get(REFUSED)).toBeUndefined();
  });

  it('[AUTHZ-04] reads the chain from its near end, so that nobody can write himself in', async () => {
    await using gateway = await start(listener);
    const status = async (headers: RawRequest['headers']) => (await call(gateway, PROXY, headers)).status;
    expect(await status({ 'x-forwarded-for': '10.0.0.7, 10.1.0.5' })).toBe(403);
    expect(await status({ 'x-forwarded-for': '10.1.0.5, 10.0.0.7' })).toBe(200);
    expect(await status({ 'x-forwarded-for': ['10.0.0.7', '10.1.0.5'] })).toBe(403);
    expect(await status({ 'x-forwarded-for': '10.0.0.66' })).toBe(403);
    expect(await status({})).toBe(403);
  });

  it('[AUTHZ-04] refuses what names no address, and two headers that differ', async () => {
    await using gateway = await start(listener);
    for (const headers of [
      { 'x-forwarded-for': 'localhost' },
      { 'x-forwarded-for': '' },
      { 'x-forwarded-for': '10.0.0.7,' },
      { 'x-forwarded-for': '10.0.0.0/24' },
      { forwarded: 'for=unknown' },
      { forwarded: 'for=_hidden' },
      { forwarded: 'for=10.0.0.7;;;=' },
      { forwarded: 'for=10.0.0.7', 'x-forwarded-for': '10.0.0.8' },
    ]) {
      const refused = await call(gateway, PROXY, headers);
      expect([refused.status, codeOf(refused)], JSON.stringify(headers)).toEqual([400, 'invalid_request']);
    }
  });
});

/** The status of a reply to a POST whose body never comes. */
const statusWithoutBody = (url: string, from: string, headers: http.OutgoingHttpHeaders): Promise<number> =>
  new Promise((resolve, reject) => {
    const request = http.request(url, { method: 'POST', agent: false, localAddress: from, headers });
    request.on('response', (response) => {
      resolve(response.statusCode!);
      request.destroy();
    });
    request.on('error', reject);
    request.flushHeaders();
  });

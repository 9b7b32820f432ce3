import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeApiKey } from '../../runtime/identity/api-key.ts';
import { configuration } from '../support/configuration.ts';
import { type FastUpstream, hang } from '../support/fast-upstream.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { makeSigningKey, mint } from '../support/issuer.ts';
import { rawRequest } from '../support/raw-request.ts';
import { startToolUpstream, told } from '../support/tool-upstream.ts';
import { WebSocketClient } from '../support/web-socket-client.ts';

const { key, hash } = makeApiKey('robot');

let upstream: FastUpstream;
beforeAll(async () => {
  upstream = await startToolUpstream('tracker', ['get_issue'], { eras: ['legacy'] });
});
afterAll(() => upstream.close());

const config = (over: { readonly server?: object; readonly [section: string]: unknown } = {}): string =>
  configuration(
    { tracker: upstream.url },
    { ...over, server: { protocol: { websocket: true }, ...over.server } },
  );

const start = (over: Parameters<typeof config>[0] = {}): Promise<TestGateway> =>
  startTestGateway(config(over), { tap: false });

const HANDSHAKE = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
  'sec-websocket-protocol': 'mcp',
};

describe('a WebSocket', () => {
  it('is a session from initialize to its end, which ends it upstream too', async () => {
    await using gateway = await start();
    const client = await WebSocketClient.open(gateway.url());
    expect(client.socket.protocol).toBe('mcp');
    expect((await client.initialize('2025-06-18')).result.protocolVersion).toBe('2025-06-18');
    client.call(1, 'get_issue', { id: 7 });
    expect(told((await client.answerTo(1)).result)).toMatchObject({ arguments: { id: 7 } });
    expect(await gateway.metrics()).toContain('gatewright_sessions 1');
    expect(upstream.sessions.size).toBe(1);
    client.socket.close();
    expect(await client.closed).toBe(1005);
    await upstream.until(() => upstream.sessions.size === 0);
  });

  it('tells progress of a call under way and takes the call back when told to, or when it is gone', async () => {
    await using gateway = await start();
    const client = await WebSocketClient.open(gateway.url());
    await client.initialize();
    upstream.behave(hang);
    const before = upstream.calls;
    client.call('slow', 'get_issue');
    client.call('slower', 'get_issue');
    await upstream.until(() => upstream.calls === before + 2);
    const cancelled = () =>
      upstream.log.filter(({ message }) => message.method === 'notifications/cancelled').length;
    client.say({ method: 'notifications/cancelled', params: { requestId: 'slow' } });
    await upstream.until(() => cancelled() === 1);
    client.say({ id: 'p', method: 'ping' });
    expect((await client.answerTo('p')).result).toEqual({});
    client.close();
    await upstream.until(() => upstream.sessions.size === 0);
    expect(client.messages.filter(({ id }) => id === 'slow')).toEqual([]);
    await expect.poll(() => gateway.metrics()).toContain('gatewright_requests_in_flight{listener="main"} 0');
    upstream.behave(({ message, response }) =>
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify({ jsonrpc: '2.0', id: message.id, result: { content: [] } })),
    );
  });

  it('counts and logs each message as a request, and the handshake as one', async () => {
    await using gateway = await start({ telemetry: { log: { access: true } } });
    const client = await WebSocketClient.open(gateway.url());
    await client.initialize();
    client.call(1, 'get_issue');
    await client.answerTo(1);
    client.close();
    const lines = (await gateway.log())
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
      .filter(({ msg }) => msg === 'access')
      .map(({ method, status, outcome, listener }) => [method, status, outcome, listener]);
    expect(lines).toEqual(
      expect.arrayContaining([
        ['websocket', 101, 'ok', 'main'],
        ['initialize', 200, 'ok', 'main'],
        ['tools/call', 200, 'ok', 'main'],
      ]),
    );
    expect(await gateway.metrics()).toMatch(
      /gatewright_requests_total\{server="main",method="tools\/call",outcome="ok"\} 1/,
    );
  });

  it.each([
    ['without the subprotocol', {}, [], 400],
    ['with another one', {}, ['graphql-ws'], 400],
  ])('is not opened %s', async (_what, options, protocols, status) => {
    await using gateway = await start();
    await expect(WebSocketClient.open(gateway.url(), options, protocols)).rejects.toThrow(`status ${status}`);
  });

  it.each([
    ['an old version', { 'sec-websocket-version': '8' }, 426, 'sec-websocket-version'],
    ['no key', { 'sec-websocket-key': 'x' }, 400, undefined],
  ])('is not opened by a handshake with %s', async (_what, headers, status, told) => {
    await using gateway = await start();
    const answer = await rawRequest(`${gateway.url()}/ws`, { headers: { ...HANDSHAKE, ...headers } });
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.text).error.data.code).toBe('invalid_request');
    if (told !== undefined) expect(answer.headers[told]).toBe('13');
  });

  it('is opened with any list of subprotocols that it is in, and refused with what is no such list', async () => {
    await using gateway = await start();
    for (const list of [
      'mcp, ,',
      'mcp,',
      'a b, mcp',
      'mcp, a/b',
      'mcp,\u00a0a',
      'mcp, mcp',
      ['mcp', 'mcp'],
    ]) {
      const headers = { ...HANDSHAKE, 'sec-websocket-protocol': list };
      const answer = await rawRequest(`${gateway.url()}/ws`, { headers });
      expect([list, answer.status]).toEqual([list, 400]);
      expect(JSON.parse(answer.text).error.data.code).toBe('invalid_request');
      expect(answer.headers['x-correlation-id']).toBeDefined();
      expect(answer.headers['x-content-type-options']).toBe('nosniff');
    }
    const client = await WebSocketClient.open(gateway.url(), {}, ['a.b~c', 'mcp', 'MCP']);
    expect(client.socket.protocol).toBe('mcp');
    client.close();
  });

  it('is required at its path, and other protocols than it are no matter of the gateway', async () => {
    await using gateway = await start();
    const plain = await rawRequest(`${gateway.url()}/ws`);
    expect(plain.status).toBe(426);
    expect(plain.headers.upgrade).toBe('websocket');
    const other = { ...HANDSHAKE, connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c' };
    expect((await rawRequest(`${gateway.url()}/ws`, { headers: other })).status).toBe(426);
    expect((await rawRequest(`${gateway.url()}/nowhere`, { headers: HANDSHAKE })).status).toBe(404);
  });

  it.each([
    ['a message larger than a body may be', 'x'.repeat(70_000), 1009],
    ['a binary frame', Buffer.from('{}'), 1003],
  ])('ends with %s', async (_what, data, code) => {
    await using gateway = await start({ listener: { sizes: { body: '64KiB' } } });
    const client = await WebSocketClient.open(gateway.url());
    client.socket.send(data);
    expect(await client.closed).toBe(code);
  });

  it('answers what is no message, and goes on', async () => {
    await using gateway = await start();
    const client = await WebSocketClient.open(gateway.url());
    client.socket.send('nonsense');
    await client.heard(({ error }) => error?.code === -32700);
    client.socket.send('[]');
    await client.heard(({ error }) => error?.code === -32600);
    expect((await client.initialize()).result).toBeDefined();
  });

  it('is ended in order when the gateway ends, with the answers that are due', async () => {
    // With a window it would be served until a moment of its own.
    const gateway = await start({ shutdown: { window: '0s', deadline: '15s' } });
    const client = await WebSocketClient.open(gateway.url());
    await client.initialize();
    let release = () => {};
    upstream.behave(({ message, response }) => {
      release = () =>
        response
          .writeHead(200, { 'content-type': 'application/json' })
          .end(JSON.stringify({ jsonrpc: '2.0', id: message.id, result: { content: [] } }));
    });
    const before = upstream.calls;
    client.call(1, 'get_issue');
    await upstream.until(() => upstream.calls === before + 1);
    const ended = gateway.gateway.close();
    client.call(2, 'get_issue');
    expect((await client.answerTo(2)).error.data.code).toBe('shutting_down');
    release();
    expect((await client.answerTo(1)).result).toEqual({ content: [] });
    expect(await client.closed).toBe(1001);
    await ended;
    await gateway.close();
  });

  it('is asked for signs of life, and cut off if it gives none', { timeout: 60_000 }, async () => {
    await using gateway = await start();
    const silent = await WebSocketClient.open(gateway.url(), { autoPong: false });
    const lively = await WebSocketClient.open(gateway.url());
    let pings = 0;
    lively.socket.on('ping', () => {
      pings += 1;
    });
    expect(await silent.closed).toBe(1006);
    expect(pings).toBeGreaterThan(0);
    expect((await lively.initialize()).result).toBeDefined();
  });

  it('ends when it is taken out of the configuration', async () => {
    await using gateway = await start();
    const client = await WebSocketClient.open(gateway.url());
    await client.initialize();
    await gateway.load(configuration({ tracker: upstream.url }));
    client.say({ id: 'p', method: 'ping' });
    expect(await client.closed).toBe(1001);
  });

  it('counts for the bounds of connections and of sessions', async () => {
    await using few = await start({ listener: { connections: { perAddress: 2 } } });
    await WebSocketClient.open(few.url());
    await WebSocketClient.open(few.url());
    await expect(WebSocketClient.open(few.url())).rejects.toThrow();

    await using sessions = await start({ sessions: { maxPerPrincipal: 1 } });
    await (await WebSocketClient.open(sessions.url())).initialize();
    const second = await WebSocketClient.open(sessions.url());
    expect((await second.initialize()).error.data.code).toBe('too_many_sessions');
  });
});

describe('the caller of a WebSocket', () => {
  const identity = { robots: { type: 'api-key', keysFile: './keys.yaml' } };
  const keysFile = (...ids: string[]): string =>
    JSON.stringify({ keys: ids.map((id) => ({ id, hash, servers: ['main'] })) });

  it('is identified before anything is switched', async () => {
    await using gateway = await startTestGateway(config({ identity, server: { identity: ['robots'] } }), {
      tap: false,
      files: { 'keys.yaml': keysFile('robot') },
    });
    await expect(WebSocketClient.open(gateway.url())).rejects.toThrow('status 401');
    const wrong = { authorization: `Bearer ${makeApiKey('robot').key}` };
    await expect(WebSocketClient.open(gateway.url(), { headers: wrong })).rejects.toThrow('status 401');
    const client = await WebSocketClient.open(gateway.url(), { headers: { authorization: `Bearer ${key}` } });
    expect((await client.initialize()).result).toBeDefined();
    await gateway.writeBeside('keys.yaml', JSON.stringify({ keys: [] }));
    await gateway.gateway.reload();
    client.say({ id: 'p', method: 'ping' });
    expect(await client.closed).toBe(1008);
  });

  it('is shown out when the token expires, though nothing is said', async () => {
    const signing = await makeSigningKey('ES256', 'k1');
    const issuer = 'https://id.example.com';
    await using gateway = await startTestGateway(
      config({
        identity: { staff: { type: 'jwt', issuer, jwksFile: './jwks.json', clockTolerance: '1s' } },
        server: { identity: ['staff'] },
      }),
      { tap: false, files: { 'jwks.json': JSON.stringify({ keys: [signing.publicJwk] }) } },
    );
    const nowSeconds = Math.floor(Date.now() / 1000);
    const claims = { iss: issuer, aud: gateway.audience(), sub: 'ada', iat: nowSeconds, exp: nowSeconds + 5 };
    const token = await mint(signing, claims);
    const client = await WebSocketClient.open(gateway.url(), {
      headers: { authorization: `Bearer ${token}` },
    });
    expect((await client.initialize()).result).toBeDefined();
    expect(await client.closed).toBe(1008);
  });
});

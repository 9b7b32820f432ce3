import { request } from 'undici';
import { afterEach, describe, expect, it } from 'vitest';
import type { Handler } from '../../../runtime/generation.ts';
import { replyJson } from '../../../runtime/listen/reply.ts';
import type { ListenerNode } from '../../../schema/graph/listener.ts';
import { listenerNode, type ServedListener, serve } from './listener-fixture.ts';
import { exchangeRaw, RawConnection } from './raw-client.ts';

const whoami: Handler = (exchange) =>
  replyJson(exchange, 200, JSON.stringify({ client: exchange.clientAddress, id: exchange.correlationId }));

let served: ServedListener;
afterEach(async () => {
  await served[Symbol.asyncDispose]();
});

const start = async (changes: Partial<ListenerNode> = {}): Promise<void> => {
  served = await serve(listenerNode(changes), { '/mcp': whoami });
};

type Method = 'GET' | 'POST' | 'DELETE' | 'OPTIONS' | 'HEAD' | 'PUT';

const send = async (headers: Record<string, string | string[]>, method: Method = 'GET', path = '/mcp') => {
  const reply = await request(`${served.url}${path}`, { method, headers });
  const text = await reply.body.text();
  const body = text === '' ? undefined : JSON.parse(text);
  return { status: reply.statusCode, headers: reply.headers, body, code: body?.error?.data?.code };
};

describe('the front door, host', () => {
  it('refuses every host that is not listed, before it looks at the path', async () => {
    await start();
    for (const host of ['evil.example', 'localhost.evil.example', 'evil.example:80', '169.254.169.254']) {
      for (const path of ['/mcp', '/nowhere']) {
        expect(await send({ host }, 'GET', path)).toMatchObject({ status: 403, code: 'host_refused' });
      }
    }
    expect((await send({ host: 'localhost:1234' })).status).toBe(200);
  });

  it('answers 400 where there is no host, an empty one, or two', async () => {
    await start();
    for (const lines of [
      '',
      'Host: \r\n',
      'Host: localhost\r\nHost: localhost\r\n',
      'Host: localhost\r\nhOST: evil\r\n',
    ]) {
      const reply = await exchangeRaw(served.port, `GET /mcp HTTP/1.1\r\n${lines}Connection: close\r\n\r\n`);
      expect([lines, reply.slice(0, 12)]).toEqual([lines, 'HTTP/1.1 400']);
      expect(reply).toContain('x-content-type-options: nosniff');
    }
    expect(await exchangeRaw(served.port, 'GET /mcp HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1.1 400/);
  });

  it('takes the host of an absolute target, and refuses one that contradicts Host', async () => {
    await start();
    const get = (target: string, host: string) =>
      exchangeRaw(served.port, `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    expect(await get('http://evil.example/mcp', 'localhost')).toMatch(/^HTTP\/1.1 400/);
    expect(await get('http://evil.example/mcp', 'evil.example')).toMatch(/^HTTP\/1.1 403/);
    expect(await get('http://localhost/mcp', 'evil.example')).toMatch(/^HTTP\/1.1 400/);
    for (const trick of ['localhost.evil.example', 'localhost:1', 'evil.example:80'])
      expect(await get(`http://${trick}/mcp`, 'localhost')).toMatch(/^HTTP\/1.1 400/);
    for (const [target, host] of [
      ['http://localhost/mcp', 'localhost'],
      ['http://LOCALhost:80/mcp', 'localhost:80'],
      ['HTTPS://localhost/mcp?a=/b', 'LocalHost'],
    ] as const)
      expect([target, await get(target, host)]).toEqual([target, expect.stringMatching(/^HTTP\/1.1 200/)]);
  });

  it('routes an absolute target by what follows its authority', async () => {
    served = await serve(listenerNode(), { '/': whoami, '/a/http://localhost/mcp': whoami });
    const get = (target: string) =>
      exchangeRaw(served.port, `GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
    for (const target of [
      'http://localhost',
      'http://localhost/',
      'http://localhost?x=/mcp',
      'http://localhost/?x',
      'http://localhost/a/http://localhost/mcp',
      '/a/http://localhost/mcp',
    ])
      expect([target, await get(target)]).toEqual([target, expect.stringMatching(/^HTTP\/1.1 200/)]);
    for (const target of ['http://localhost//', 'http://localhost/mcp', '//localhost/', '*'])
      expect([target, await get(target)]).toEqual([target, expect.stringMatching(/^HTTP\/1.1 404/)]);
  });

  it.each([
    ['Authorization', 'Bearer a'],
    ['Content-Type', 'text/x-kept'],
    ['Mcp-Method', 'tools/call'],
    ['Mcp-Name', 'kept'],
    ['Mcp-Protocol-Version', '2025-06-18'],
    ['Mcp-Session-Id', 'kept'],
  ])('refuses two headers %s, alike or not', async (name, value) => {
    await start();
    const get = (lines: string) =>
      exchangeRaw(served.port, `GET /mcp HTTP/1.1\r\nHost: localhost\r\n${lines}Connection: close\r\n\r\n`);
    expect(await get(`${name}: ${value}\r\n`)).toMatch(/^HTTP\/1.1 200/);
    for (const other of [value, `${value}b`, '']) {
      const reply = await get(`${name}: ${value}\r\nX-A: b\r\n${name.toLowerCase()}: ${other}\r\n`);
      expect(reply).toMatch(/^HTTP\/1.1 400/);
      expect(reply).toContain(`more than one ${name.toLowerCase()} header`);
      expect(reply).not.toContain(value);
    }
  });
});

describe('the front door, origin', () => {
  it('refuses an origin that is not listed, on every method and path, without CORS headers', async () => {
    await start();
    for (const origin of [
      'https://evil.example',
      'null',
      'http://localhost.evil.example',
      'https://app.example:1',
    ]) {
      for (const method of ['GET', 'POST', 'DELETE', 'OPTIONS', 'PUT'] as const) {
        for (const path of ['/mcp', '/nowhere']) {
          const reply = await send({ origin, 'access-control-request-method': 'POST' }, method, path);
          expect([origin, method, path, reply.status]).toEqual([origin, method, path, 403]);
          expect(reply.code).toBe('origin_refused');
          expect(Object.keys(reply.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
        }
      }
    }
  });

  it('serves a listed origin and names it in every reply, errors included', async () => {
    await start();
    for (const [path, status] of [
      ['/mcp', 200],
      ['/nowhere', 404],
    ] as const) {
      const reply = await send({ origin: 'https://app.example' }, 'GET', path);
      expect(reply.status).toBe(status);
      expect(reply.headers['access-control-allow-origin']).toBe('https://app.example');
      expect(reply.headers['access-control-expose-headers']).toContain('mcp-session-id');
      expect(reply.headers['access-control-expose-headers']).toContain('www-authenticate');
      expect(reply.headers.vary).toBe('Origin');
    }
  });

  it('serves a request without origin, with Vary and without CORS headers', async () => {
    await start();
    const reply = await send({});
    expect(reply.status).toBe(200);
    expect(reply.headers.vary).toBe('Origin');
    expect(reply.headers['access-control-allow-origin']).toBeUndefined();
  });

  it('answers the preflight of a listed origin, with the tool parameters that it asks for and nothing else', async () => {
    await start();
    const reply = await send(
      {
        origin: 'http://localhost:5173',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type, Mcp-Param-City,x-evil, mcp-param-, mcp-param-a b',
      },
      'OPTIONS',
    );
    expect(reply.status).toBe(204);
    expect(reply.headers['access-control-allow-origin']).toBe('http://localhost:5173');
    expect(reply.headers['access-control-allow-methods']).toBe('GET, POST, DELETE, OPTIONS');
    const allowed = String(reply.headers['access-control-allow-headers']).split(', ');
    expect(allowed).toEqual(
      expect.arrayContaining(['authorization', 'mcp-session-id', 'mcp-name', 'mcp-param-city']),
    );
    expect(allowed.filter((name) => name.startsWith('x-') || name.startsWith('mcp-param'))).toEqual([
      'x-correlation-id',
      'mcp-param-city',
    ]);
  });
});

describe('the front door, address', () => {
  it('ignores forwarded addresses of a peer that is no trusted proxy', async () => {
    await start({ ip: { deny: ['192.0.2.0/24'] } });
    for (const headers of [
      { 'x-forwarded-for': '192.0.2.7' },
      { forwarded: 'for=192.0.2.7' },
      { 'x-real-ip': '9.9.9.9' },
    ]) {
      expect((await send(headers as Record<string, string>)).body.client).toBe('127.0.0.1');
    }
  });

  it('applies the rules to what a trusted proxy forwards, before host, path and method', async () => {
    await start({
      trustedProxies: ['127.0.0.0/8'],
      ip: { allow: ['198.51.100.0/24'], deny: ['198.51.100.66/32'] },
    });
    expect((await send({ 'x-forwarded-for': '198.51.100.7' })).body.client).toBe('198.51.100.7');
    expect((await send({ forwarded: 'for=198.51.100.7' })).body.client).toBe('198.51.100.7');
    for (const address of ['198.51.100.66', '203.0.113.1', '198.51.100.7, 203.0.113.1']) {
      const reply = await send({ 'x-forwarded-for': address, host: 'evil.example' }, 'POST', '/nowhere');
      expect(reply).toMatchObject({ status: 403, code: 'address_refused' });
    }
    expect(await send({ 'x-forwarded-for': '198.51.100.7, 10.0.0.1' })).toMatchObject({ status: 403 });
  });

  it('joins several headers in the order in which they came', async () => {
    await start({ trustedProxies: ['127.0.0.0/8', '10.0.0.0/8'] });
    const reply = await send({ 'x-forwarded-for': ['203.0.113.9', '198.51.100.7', '10.0.0.1'] });
    expect(reply.body.client).toBe('198.51.100.7');
  });

  it('refuses what a trusted proxy forwards where it names no address', async () => {
    await start({ trustedProxies: ['127.0.0.0/8'] });
    for (const headers of [
      { 'x-forwarded-for': 'unknown' },
      { forwarded: 'for=_obfuscated' },
      { forwarded: 'for=1.2.3.4', 'x-forwarded-for': '4.3.2.1' },
    ]) {
      expect(await send(headers as Record<string, string>)).toMatchObject({
        status: 400,
        code: 'invalid_request',
      });
    }
  });

  it('refuses an open connection once a reload denies its peer', async () => {
    await start();
    const connection = new RawConnection(served.port);
    connection.write('GET /mcp HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await connection.until('"client"');
    served.swap(listenerNode({ ip: { deny: ['127.0.0.0/8'] } }));
    connection.write('GET /mcp HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    await connection.closed;
    expect(connection.text).toContain('HTTP/1.1 403');
    expect(connection.text).toContain('address_refused');
  });
});

describe('the front door, correlation id', () => {
  it('keeps a well formed id of the caller and makes one otherwise', async () => {
    await start();
    const kept = await send({ 'x-correlation-id': 'trace-1.A_b' });
    expect([kept.body.id, kept.headers['x-correlation-id']]).toEqual(['trace-1.A_b', 'trace-1.A_b']);
    for (const id of ['', 'a b', 'x'.repeat(65), '{"a":1}', 'ä', ['a', 'b']]) {
      const made = await send({ 'x-correlation-id': id as string });
      expect(made.headers['x-correlation-id']).toBe(made.body.id);
      expect(made.body.id).toMatch(/^[0-9a-f]{16}-[0-9a-z]+$/);
    }
  });
});

describe('the front door, documents and targets', () => {
  it('serves the well-known documents to GET and HEAD with the listener headers', async () => {
    await start({
      documents: {
        '/.well-known/security.txt': 'Contact: x\n',
        '/.well-known/oauth-protected-resource/mcp': '{}',
      },
    });
    const text = await request(`${served.url}/.well-known/security.txt`);
    expect(await text.body.text()).toBe('Contact: x\n');
    expect(text.headers).toMatchObject({
      'content-type': 'text/plain; charset=utf-8',
      'x-content-type-options': 'nosniff',
    });
    const head = await request(`${served.url}/.well-known/security.txt`, { method: 'HEAD' });
    expect([head.statusCode, head.headers['content-length'], await head.body.text()]).toEqual([
      200,
      '11',
      '',
    ]);
    const json = await request(`${served.url}/.well-known/oauth-protected-resource/mcp`);
    expect([json.headers['content-type'], await json.body.text()]).toEqual(['application/json', '{}']);
    const post = await request(`${served.url}/.well-known/security.txt`, { method: 'POST', body: 'x' });
    expect([post.statusCode, post.headers.allow]).toEqual([405, 'GET, HEAD']);
    await post.body.dump();
  });

  it('answers 417 to an expectation that it cannot meet', async () => {
    await start();
    const reply = await exchangeRaw(
      served.port,
      'POST /mcp HTTP/1.1\r\nHost: localhost\r\nExpect: magic\r\nConnection: close\r\n\r\n',
    );
    expect(reply).toMatch(/^HTTP\/1.1 417/);
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { http2Request, openHttp2 } from '../runtime/listen/http2-client.ts';
import { exchangeRaw } from '../runtime/listen/raw-client.ts';
import { makeCertificate } from '../support/certificate.ts';
import { configuration } from '../support/configuration.ts';
import type { FastUpstream } from '../support/fast-upstream.ts';
import { freePort } from '../support/free-port.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { modernBody, modernHeaders } from '../support/modern-client.ts';
import { type RawAnswer, type RawRequest, rawRequest } from '../support/raw-request.ts';
import { startToolUpstream } from '../support/tool-upstream.ts';

const APP = 'https://app.example.com';
const PARAMS = { name: 'get_issue', arguments: {} };
const BODY = modernBody('tools/call', PARAMS);
const HEADERS = modernHeaders('tools/call', PARAMS, {});

let upstream: FastUpstream;
let gateway: TestGateway;

beforeAll(async () => {
  upstream = await startToolUpstream('tracker', ['get_issue']);
  gateway = await start({ origins: [APP], hosts: ['mcp.example.com', '127.0.0.1'] });
});
afterAll(async () => {
  await gateway.close();
  await upstream.close();
});

const start = (listener: object): Promise<TestGateway> =>
  startTestGateway(configuration({ tracker: upstream.url }, { listener }), { tap: false });

const call = (url: string, headers: RawRequest['headers'] = {}): Promise<RawAnswer> =>
  rawRequest(url, { method: 'POST', headers: { ...HEADERS, ...headers }, body: BODY });

const preflight = (url: string, origin: string, headers: RawRequest['headers'] = {}): Promise<RawAnswer> =>
  rawRequest(url, {
    method: 'OPTIONS',
    headers: { origin, 'access-control-request-method': 'POST', ...headers },
  });

const codeOf = ({ text }: RawAnswer): string => JSON.parse(text).error.data.code;

describe('web origins', () => {
  it('[INFRA-09] [OPS-12] answers the preflight of a listed origin with what it may send', async () => {
    const asked = 'content-type, mcp-param-region, x-evil';
    const answer = await preflight(gateway.audience(), APP, { 'access-control-request-headers': asked });
    expect(answer.status).toBe(204);
    expect(answer.headers).toMatchObject({
      'access-control-allow-origin': APP,
      'access-control-allow-methods': 'GET, POST, DELETE, OPTIONS',
      'access-control-max-age': '600',
    });
    const allowed = answer.headers['access-control-allow-headers']!.split(', ');
    expect(allowed).toEqual(
      expect.arrayContaining(['authorization', 'content-type', 'mcp-protocol-version', 'mcp-session-id']),
    );
    expect(allowed).toContain('mcp-param-region');
    expect(allowed).not.toContain('x-evil');
    expect(answer.headers.vary).toContain('Origin');
  });

  it('[INFRA-09] [OPS-12] lets a listed origin read the reply, without cookies', async () => {
    const answer = await call(gateway.audience(), { origin: APP });
    expect(answer.status).toBe(200);
    expect(answer.headers['access-control-allow-origin']).toBe(APP);
    expect(answer.headers['access-control-expose-headers']).toContain('mcp-session-id');
    expect(answer.headers).not.toHaveProperty('access-control-allow-credentials');
    const refused = await rawRequest(new URL('/nowhere', gateway.audience()).href, {
      headers: { origin: APP },
    });
    expect([refused.status, refused.headers['access-control-allow-origin']]).toEqual([404, APP]);
  });

  it.each([
    ['another site', 'https://evil.example'],
    ['another scheme', 'http://app.example.com'],
    ['another port', 'https://app.example.com:8443'],
    ['a name that begins alike', 'https://app.example.com.evil.example'],
    ['a name that ends alike', 'https://evil-app.example.com'],
    ['a sandboxed page', 'null'],
    ['a page on this machine, where only others are listed', 'http://localhost:5173'],
    ['a list', `${APP}, https://evil.example`],
    ['a path', `${APP}/`],
    ['a user', 'https://app.example.com@evil.example'],
  ])('[INFRA-09] [OPS-12] refuses %s: preflight without permission, call with 403', async (_what, origin) => {
    const before = upstream.calls;
    const asked = await preflight(gateway.audience(), origin);
    expect(asked.status).toBe(403);
    const answer = await call(gateway.audience(), { origin });
    expect([answer.status, codeOf(answer)]).toEqual([403, 'origin_refused']);
    for (const { headers } of [asked, answer])
      for (const name of Object.keys(headers)) expect(name).not.toMatch(/^access-control-/);
    expect(upstream.calls).toBe(before);
  });

  it('[INFRA-09] serves whoever is no browser and sends no origin', async () => {
    const answer = await call(gateway.audience());
    expect(answer.status).toBe(200);
    expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
  });

  it('[INFRA-09] knows its environment: pages of this machine may call a loopback listener, others may not', async () => {
    await using local = await start({});
    for (const origin of ['http://localhost:5173', 'http://127.0.0.1:3000', 'https://localhost'])
      expect((await call(local.audience(), { origin })).headers['access-control-allow-origin']).toBe(origin);
    expect((await call(local.audience(), { origin: APP })).status).toBe(403);
    const port = await freePort();
    const url = 'https://mcp.example.com';
    await using deployed = await start({ bind: `127.0.0.1:${port}`, url, origins: [url] });
    expect(deployed.audience()).toBe(`${url}/mcp`);
    const bound = `http://127.0.0.1:${port}/mcp`;
    const host = { host: 'mcp.example.com' };
    expect((await call(bound, { ...host, origin: url })).status).toBe(200);
    expect((await call(bound, { ...host, origin: 'http://localhost:5173' })).status).toBe(403);
  });
});

describe('hosts', () => {
  it('[INFRA-09] [OPS-12] serves the hosts that are listed, whatever their case and port', async () => {
    for (const host of ['mcp.example.com', 'MCP.Example.com:8443', '127.0.0.1:1'])
      expect((await call(gateway.audience(), { host })).status).toBe(200);
  });

  it.each([
    ['evil.example'],
    ['mcp.example.com.evil.example'],
    ['evil.mcp.example.com'],
    ['mcp.example.com@evil.example'],
    ['localhost'],
    ['127.0.0.1.evil.example'],
    ['[::1]'],
    ['0.0.0.0'],
    ['2130706433'],
  ])('[INFRA-09] [OPS-12] refuses host %s: a name that was made to lead here leads nowhere', async (host) => {
    const before = upstream.calls;
    const answer = await call(gateway.audience(), { host, 'x-forwarded-host': 'mcp.example.com' });
    expect([answer.status, codeOf(answer)]).toEqual([403, 'host_refused']);
    expect(upstream.calls).toBe(before);
  });

  it.each([
    ['none', ''],
    ['two', 'host: mcp.example.com\r\nhost: mcp.example.com\r\n'],
    ['an empty one', 'host: \r\n'],
  ])('[INFRA-09] refuses a request with %s', async (_what, lines) => {
    const { port } = new URL(gateway.audience());
    const text = await exchangeRaw(Number(port), `GET /mcp HTTP/1.1\r\n${lines}connection: close\r\n\r\n`);
    expect(text).toMatch(/^HTTP\/1\.1 400 /);
  });

  it('[INFRA-09] refuses a target that names another host than the header', async () => {
    const target = 'http://mcp.example.com/mcp';
    const post = (host: string) =>
      rawRequest(gateway.audience(), { method: 'POST', target, headers: { ...HEADERS, host }, body: BODY });
    expect((await post('127.0.0.1')).status).toBe(400);
    expect((await post('evil.example')).status).toBe(400);
  });

  it('[INFRA-09] [OPS-12] holds :authority of HTTP/2 to the same list', async () => {
    const { certificate, key } = makeCertificate('localhost');
    const tls = { certificate: '${file:./tls.crt}', key: '${file:./tls.key}' };
    const listener = { tls, http: ['h2'], hosts: ['mcp.example.com'], origins: [APP] };
    await using secure = await startTestGateway(configuration({ tracker: upstream.url }, { listener }), {
      tap: false,
      files: { 'tls.crt': certificate, 'tls.key': key },
    });
    const session = await openHttp2(Number(new URL(secure.audience()).port), certificate);
    const ask = (headers: object) =>
      http2Request(session, { ':method': 'POST', ':path': '/mcp', ...HEADERS, ...headers }, BODY);
    expect((await ask({ ':authority': 'mcp.example.com' })).status).toBe(200);
    const allowed = await ask({ ':authority': 'mcp.example.com', origin: APP });
    expect(allowed.headers['access-control-allow-origin']).toBe(APP);
    for (const [headers, status] of [
      [{ ':authority': 'evil.example' }, 403],
      [{ ':authority': 'localhost' }, 403],
      [{ ':authority': 'mcp.example.com', host: 'evil.example' }, 400],
      [{ ':authority': 'evil.example', host: 'mcp.example.com' }, 400],
      [{ ':authority': 'mcp.example.com', origin: 'https://evil.example' }, 403],
    ] as const)
      expect([(await ask(headers)).status, headers]).toEqual([status, headers]);
    session.close();
  });
});

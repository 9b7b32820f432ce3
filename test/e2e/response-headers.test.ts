import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exchangeRaw } from '../runtime/listen/raw-client.ts';
import { makeCertificate } from '../support/certificate.ts';
import { configuration } from '../support/configuration.ts';
import { answerAsStream, type FastUpstream, json } from '../support/fast-upstream.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { makeSigningKey } from '../support/issuer.ts';
import { modernBody, modernHeaders } from '../support/modern-client.ts';
import { type RawAnswer, type RawRequest, rawRequest } from '../support/raw-request.ts';
import { startToolUpstream } from '../support/tool-upstream.ts';

let upstream: FastUpstream;
let streaming: FastUpstream;

beforeAll(async () => {
  upstream = await startToolUpstream('tracker', ['get_issue']);
  streaming = await startToolUpstream('streaming', ['get_issue']);
  streaming.behave(answerAsStream);
});
afterAll(() => Promise.all([upstream.close(), streaming.close()]));

const start = (listener: object = {}): Promise<TestGateway> =>
  startTestGateway(configuration({ tracker: upstream.url }, { listener }), { tap: false });

const PARAMS = { name: 'get_issue', arguments: {} };

const post = (url: string, change: RawRequest = {}, params: object = PARAMS): Promise<RawAnswer> =>
  rawRequest(url, {
    method: 'POST',
    body: modernBody('tools/call', params),
    ...change,
    headers: { ...modernHeaders('tools/call', params, {}), ...change.headers } as Record<string, string>,
  });

/** The fifteen options with the header of each, its value in the strict preset, and another that may be set. */
const OPTIONS = [
  ['contentTypeOptions', 'x-content-type-options', 'nosniff', 'nosniff'],
  ['frameOptions', 'x-frame-options', 'DENY', 'SAMEORIGIN'],
  ['downloadOptions', 'x-download-options', 'noopen', 'noopen'],
  [
    'contentSecurityPolicy',
    'content-security-policy',
    "default-src 'none'; frame-ancestors 'none'",
    "default-src 'self'",
  ],
  ['hsts', 'strict-transport-security', 'max-age=31536000; includeSubDomains', 'max-age=3600; preload'],
  ['referrerPolicy', 'referrer-policy', 'no-referrer', 'same-origin'],
  ['permissionsPolicy', 'permissions-policy', 'camera=(), geolocation=(), microphone=()', 'usb=()'],
  ['crossOriginOpenerPolicy', 'cross-origin-opener-policy', 'same-origin', 'unsafe-none'],
  ['crossOriginResourcePolicy', 'cross-origin-resource-policy', 'same-origin', 'cross-origin'],
  ['crossOriginEmbedderPolicy', 'cross-origin-embedder-policy', 'require-corp', 'credentialless'],
  ['originAgentCluster', 'origin-agent-cluster', '?1', '?0'],
  ['permittedCrossDomainPolicies', 'x-permitted-cross-domain-policies', 'none', 'master-only'],
  ['dnsPrefetchControl', 'x-dns-prefetch-control', 'off', 'on'],
  ['xssProtection', 'x-xss-protection', '0', '1; mode=block'],
  ['cacheControl', 'cache-control', 'no-store', 'private, no-cache'],
] as const;

const certificate = makeCertificate('localhost');
const TLS = {
  tls: { certificate: '${file:./tls.crt}', key: '${file:./tls.key}' },
} as const;

const startTls = (listener: object): Promise<TestGateway> =>
  startTestGateway(configuration({ tracker: upstream.url }, { listener: { ...TLS, ...listener } }), {
    tap: false,
    files: { 'tls.crt': certificate.certificate, 'tls.key': certificate.key },
  });

const NAMES: readonly string[] = OPTIONS.map(([, header]) => header);

/** The security headers of a reply. */
const setOf = ({ headers }: RawAnswer): Record<string, unknown> =>
  Object.fromEntries(NAMES.filter((name) => name in headers).map((name) => [name, headers[name]]));

const STRICT = Object.fromEntries(OPTIONS.map(([, header, value]) => [header, value]));
const without = (set: object, name: string) =>
  Object.fromEntries(Object.entries(set).filter(([header]) => header !== name));

describe('the fifteen options', () => {
  const ca = certificate.certificate;
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTls({});
  });
  afterAll(() => gateway.close());

  const reload = async (headers: object): Promise<RawAnswer> => {
    const yaml = configuration({ tracker: upstream.url }, { listener: { ...TLS, headers } });
    expect((await gateway.load(yaml)).result).toMatch(/applied|unchanged/);
    return rawRequest(gateway.audience(), { ca });
  };

  it('[INFRA-12] are all at their safest by default', async () => {
    expect(OPTIONS).toHaveLength(15);
    expect(setOf(await rawRequest(gateway.audience(), { ca }))).toEqual(STRICT);
  });

  it.each(OPTIONS)('[INFRA-12] %s sets %s and no other header', async (option, header, _strict, other) => {
    const value = option === 'hsts' ? { maxAge: '1h', includeSubDomains: false, preload: true } : other;
    expect(setOf(await reload({ [option]: value }))).toEqual({ ...STRICT, [header]: other });
    expect(setOf(await reload({ [option]: false }))).toEqual(without(STRICT, header));
    expect(setOf(await reload({ preset: 'none', [option]: value }))).toEqual({ [header]: other });
  });

  it('[INFRA-12] leaves out all that is not written where the preset is none', async () => {
    expect(setOf(await reload({ preset: 'none' }))).toEqual({});
  });
});

describe('every response', () => {
  const guarded = { workforce: { type: 'jwt', issuer: 'https://id.test.example', jwksFile: './jwks.json' } };
  const yaml = (): string =>
    JSON.stringify({
      version: 1,
      listeners: {
        main: {
          bind: '127.0.0.1:0',
          sizes: { body: '8KiB', headers: '4KiB' },
          wellKnown: { robotsTxt: 'deny' },
        },
        ops: { bind: '127.0.0.1:0', serve: ['health', 'metrics'] },
      },
      identity: guarded,
      servers: {
        open: { at: [{ listener: 'main', path: '/open' }], anonymous: true, expose: [{ upstream: 't' }] },
        limited: {
          at: [{ listener: 'main', path: '/limited' }],
          anonymous: true,
          expose: [{ upstream: 't' }],
          limits: ['one'],
        },
        streaming: {
          at: [{ listener: 'main', path: '/streaming' }],
          anonymous: true,
          expose: [{ upstream: 's' }],
        },
        guarded: {
          at: [{ listener: 'main', path: '/guarded' }],
          identity: ['workforce'],
          expose: [{ upstream: 't' }],
        },
      },
      upstreams: {
        t: { type: 'http', endpoints: [upstream.url] },
        s: { type: 'http', endpoints: [streaming.url] },
      },
      limits: { one: { type: 'rate', rate: '1/d', burst: 1 } },
    });
  let gateway: TestGateway;
  let open: string;
  let origin: string;
  beforeAll(async () => {
    const key = await makeSigningKey('ES256', 'k1');
    gateway = await startTestGateway(yaml(), {
      tap: false,
      files: { 'jwks.json': JSON.stringify({ keys: [key.publicJwk] }) },
    });
    open = gateway.audience('open');
    origin = new URL(open).origin;
    await post(gateway.audience('limited'));
  });
  afterAll(() => gateway.close());

  const legacy = (method: string, id: number, headers: RawRequest['headers'] = {}): RawRequest => ({
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...headers,
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id,
      method,
      params: {
        protocolVersion: '2025-11-25',
        capabilities: {},
        clientInfo: { name: 'test', version: '1' },
      },
    }),
  });
  const plain = (url: string, request: RawRequest): Promise<RawAnswer> =>
    rawRequest(url, { method: 'POST', ...request });

  const streamed = async (): Promise<RawAnswer> => {
    const answer = await post(gateway.audience('streaming'));
    expect(answer.headers['content-type']).toContain('text/event-stream');
    return answer;
  };
  const PREFLIGHT = { origin: 'http://localhost:5173', 'access-control-request-method': 'POST' };

  const CASES: readonly [number, string, () => Promise<RawAnswer>][] = [
    [200, 'a result', () => post(open)],
    [200, 'a stream', () => streamed()],
    [200, 'a JSON-RPC error', () => post(open, {}, { name: 'nope' })],
    [200, 'initialize', () => plain(open, legacy('initialize', 1))],
    [200, 'robots.txt', () => rawRequest(`${origin}/robots.txt`)],
    [200, 'resource metadata', () => rawRequest(`${origin}/.well-known/oauth-protected-resource/guarded`)],
    [204, 'a preflight', () => rawRequest(open, { method: 'OPTIONS', headers: PREFLIGHT })],
    [400, 'a session that is missing', () => plain(open, legacy('tools/list', 2))],
    [400, 'what is not JSON', () => post(open, { body: '{' })],
    [401, 'nobody', () => post(gateway.audience('guarded'))],
    [403, 'another host', () => post(open, { headers: { host: 'evil.example' } })],
    [403, 'another origin', () => post(open, { headers: { origin: 'https://evil.example' } })],
    [404, 'no such path', () => rawRequest(`${origin}/nowhere`)],
    [404, 'no such session', () => plain(open, legacy('ping', 3, { 'mcp-session-id': 'x' }))],
    [404, 'the root', () => rawRequest(`${origin}/`)],
    [405, 'another method', () => rawRequest(open, { method: 'PUT' })],
    [406, 'another media type wanted', () => post(open, { headers: { accept: 'text/html' } })],
    [413, 'too much', () => post(open, { body: 'x'.repeat(9000) })],
    [415, 'another media type', () => post(open, { headers: { 'content-type': 'text/plain' } })],
    [417, 'an expectation', () => post(open, { headers: { expect: 'miracles' } })],
    [429, 'too often', () => post(gateway.audience('limited'))],
    [200, 'health', () => rawRequest(`${gateway.opsUrl}/-/healthy`)],
    [200, 'metrics', () => rawRequest(`${gateway.opsUrl}/metrics`)],
    [404, 'no such operation', () => rawRequest(`${gateway.opsUrl}/-/status`)],
    [
      405,
      'another method for an operation',
      () => rawRequest(`${gateway.opsUrl}/metrics`, { method: 'PUT' }),
    ],
  ];

  /** Over http, with the one header that some replies have reason to set themselves left aside. */
  const expected = without(without(STRICT, 'strict-transport-security'), 'cache-control');

  it.each(CASES)('[INFRA-03] has the whole set: %i, %s', async (status, _what, ask) => {
    const answer = await ask();
    expect(answer.status).toBe(status);
    expect(without(setOf(answer), 'cache-control')).toEqual(expected);
    expect(answer.headers['cache-control']).toMatch(/^no-store(, no-transform)?$/);
  });

  it.each([
    ['no HTTP at all', 400, 'GARBAGE\r\n\r\n'],
    ['a header without end', 431, `GET / HTTP/1.1\r\nhost: localhost\r\nx: ${'y'.repeat(9000)}\r\n\r\n`],
    ['two lengths', 400, 'POST /open HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n'],
  ])(
    '[INFRA-03] has the whole set: what is refused before it is a request, %s',
    async (_what, status, bytes) => {
      const text = await exchangeRaw(Number(new URL(open).port), bytes);
      expect(text).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
      const headers = Object.fromEntries(
        text
          .split('\r\n')
          .slice(1)
          .map((line) => line.split(': ', 2) as [string, string]),
      );
      expect(headers).toMatchObject(without(STRICT, 'strict-transport-security'));
    },
  );

  it("[INFRA-03] takes none of its headers from an upstream's reply", async () => {
    const rogue = await startToolUpstream('t', ['get_issue']);
    rogue.behave(({ message, response }) => {
      response.setHeader('x-frame-options', 'ALLOWALL');
      response.setHeader('content-security-policy', 'default-src *');
      response.setHeader('access-control-allow-origin', '*');
      response.setHeader('set-cookie', 'a=b');
      response.setHeader('server', 'rogue/1.0');
      response.setHeader('x-powered-by', 'rogue');
      const result = { content: [], resultType: 'complete' };
      json(response, { jsonrpc: '2.0', id: message.id, result });
    });
    await using gateway = await startTestGateway(configuration({ t: rogue.url }), { tap: false });
    const answer = await post(gateway.audience());
    expect(answer.status).toBe(200);
    expect(without(setOf(answer), 'cache-control')).toEqual(expected);
    for (const name of ['access-control-allow-origin', 'set-cookie', 'server', 'x-powered-by'])
      expect(answer.headers).not.toHaveProperty(name);
    await rogue.close();
  });
});

describe('single headers', () => {
  it('[INFRA-04] forbids browsers to guess media types, on the root and on what is not there', async () => {
    await using gateway = await start();
    const { origin } = new URL(gateway.audience());
    for (const path of ['/', '/nowhere', '/mcp', '/%2e%2e/etc/passwd'])
      expect((await rawRequest(origin + path)).headers['x-content-type-options']).toBe('nosniff');
  });

  it('[INFRA-05] lets pages of the same origin frame a reply where SAMEORIGIN is set, and nobody else', async () => {
    await using gateway = await start({ headers: { frameOptions: 'SAMEORIGIN' } });
    const { origin } = new URL(gateway.audience());
    for (const answer of [await post(gateway.audience()), await rawRequest(`${origin}/nowhere`)])
      expect(answer.headers['x-frame-options']).toBe('SAMEORIGIN');
    expect((await rawRequest(`${gateway.opsUrl}/-/healthy`)).headers['x-frame-options']).toBe('DENY');
  });

  it('[INFRA-06] forbids old browsers to open downloads in place', async () => {
    await using gateway = await start();
    expect((await post(gateway.audience())).headers['x-download-options']).toBe('noopen');
    expect((await post(gateway.audience(), { body: '[' })).headers['x-download-options']).toBe('noopen');
  });

  it('[INFRA-08] tells browsers to keep to https for as long as is set, and whom it holds for', async () => {
    const ca = certificate.certificate;
    const hsts = { maxAge: '30d', includeSubDomains: true, preload: false };
    await using gateway = await startTls({ headers: { hsts } });
    const { origin } = new URL(gateway.audience());
    expect(origin).toMatch(/^https:/);
    for (const path of ['/mcp', '/nowhere'])
      expect((await rawRequest(origin + path, { ca })).headers['strict-transport-security']).toBe(
        'max-age=2592000; includeSubDomains',
      );
  });

  it('[INFRA-08] says nothing of it over http, even where it is written', async () => {
    await using gateway = await start({ headers: { hsts: { maxAge: '30d' } } });
    for (const url of [gateway.audience(), `${gateway.opsUrl}/-/healthy`]) {
      const answer = await rawRequest(url, { headers: { 'x-forwarded-proto': 'https' } });
      expect(answer.headers).not.toHaveProperty('strict-transport-security');
    }
  });
});

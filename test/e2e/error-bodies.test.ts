import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exchangeRaw } from '../runtime/listen/raw-client.ts';
import { configuration } from '../support/configuration.ts';
import { type Behaviour, type FastUpstream, hang, json, refuse, reset } from '../support/fast-upstream.ts';
import { freePort } from '../support/free-port.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { modernBody, modernHeaders } from '../support/modern-client.ts';
import { type RawAnswer, type RawRequest, rawRequest } from '../support/raw-request.ts';
import { startToolUpstream } from '../support/tool-upstream.ts';

const SECRET = 'secret detail of the inside';
const PARAMS = { name: 'get_issue', arguments: {} };

/** What nobody outside may read: code, files, versions, addresses, what upstreams said. */
const INSIDE = [
  /secret|node_modules|undici|stack|tracker|localhost|127\.0\.0\.1|0\.0\.0-test|\[object/i,
  /\.[mc]?[jt]s\b|\bat .*:\d+|[A-Z]\w*Error\b|\bE[A-Z]{4,}\b|UND_ERR|\/tmp|\/home|\/work|\/usr|undefined|NaN/,
];

let upstream: FastUpstream;
let gateway: TestGateway;
let url: string;

const start = (over: Parameters<typeof configuration>[1] = {}): Promise<TestGateway> =>
  startTestGateway(
    configuration({ tracker: upstream.url }, { upstream: { timeouts: { call: '2s' } }, ...over }),
    { tap: false },
  );

beforeAll(async () => {
  upstream = await startToolUpstream('tracker', ['get_issue']);
  gateway = await start();
  url = gateway.audience();
  expect((await post()).status).toBe(200);
});
afterAll(async () => {
  await gateway.close();
  await upstream.close();
});

const post = (body = modernBody('tools/call', PARAMS), headers: RawRequest['headers'] = {}) =>
  rawRequest(url, {
    method: 'POST',
    headers: { ...modernHeaders('tools/call', PARAMS, {}), ...headers },
    body,
  });

const expectNothingInside = (text: string): void => {
  for (const pattern of INSIDE) expect(text).not.toMatch(pattern);
};

/** Holds an answer to the shape of an error that shows nothing but a message, a code and a correlation id. */
const expectBareError = ({ text, headers }: RawAnswer): void => {
  const body = JSON.parse(text);
  expect(Object.keys(body).filter((key) => key !== 'id')).toEqual(['jsonrpc', 'error']);
  expect(Object.keys(body.error)).toEqual(['code', 'message', 'data']);
  const { code, correlationId, ...more } = body.error.data;
  expect(code).toMatch(/^[a-z_]+$/);
  expect(correlationId).toBe(headers['x-correlation-id']);
  for (const key of Object.keys(more)) expect(['supported', 'requested', 'uri', 'limit']).toContain(key);
  expectNothingInside(text);
  for (const name of ['server', 'x-powered-by', 'via', 'www-authenticate', 'set-cookie', 'location'])
    expect(headers).not.toHaveProperty(name);
};

const message = (change: object): string =>
  JSON.stringify({ ...JSON.parse(modernBody('tools/call', PARAMS)), ...change });
const legacy = { 'mcp-protocol-version': '2025-11-25' };

const GARBAGE: readonly [string, () => Promise<RawAnswer>][] = [
  ['nothing', () => post('')],
  ['a brace', () => post('{')],
  ['a page', () => post('<html><body>hello</body></html>')],
  ['a number', () => post('1e999')],
  ['null', () => post('null')],
  ['a text', () => post('"tools/call"')],
  ['an empty list', () => post('[]')],
  ['a list of nonsense', () => post('[1,{},[]]')],
  ['bytes that are no UTF-8', () => post(Buffer.from([0xff, 0xfe, 0x7b]).toString('latin1'))],
  ['NUL', () => post('\0')],
  ['another version of JSON-RPC', () => post(message({ jsonrpc: '1.0' }))],
  ['no method', () => post(message({ method: undefined }))],
  ['a method that is a number', () => post(message({ method: 7 }))],
  [
    'a method of the object prototype',
    () => post(message({ method: 'constructor' }), { 'mcp-method': 'constructor' }),
  ],
  ['an id that is an object', () => post(message({ id: { a: 1 } }))],
  ['params that are a list', () => post(message({ params: [1, 2] }))],
  ['params that are null', () => post(message({ params: null }))],
  ['a member twice', () => post('{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}')],
  ['a prototype', () => post('{"jsonrpc":"2.0","id":1,"__proto__":{"method":"tools/call"},"method":"x"}')],
  ['no name', () => post(message({ params: { ...JSON.parse(modernBody('x')).params } }))],
  ['a name that is an object', () => post(modernBody('tools/call', { name: { toString: 1 } }))],
  [
    'an unknown tool',
    () => post(modernBody('tools/call', { name: '../../etc/passwd' }), { 'mcp-name': '../../etc/passwd' }),
  ],
  ['another tool in the header', () => post(undefined, { 'mcp-name': 'other' })],
  ['no method in the header', () => post(undefined, { 'mcp-method': 'tools/list' })],
  ['a version that nobody speaks', () => post(undefined, { 'mcp-protocol-version': 'v999.0.0' })],
  ['an unknown method', () => post(modernBody('evil/method'), { 'mcp-method': 'evil/method' })],
  [
    'a cursor of nobody',
    () => post(modernBody('tools/list', { cursor: 'x' }), { 'mcp-method': 'tools/list' }),
  ],
  [
    'a session of nobody',
    () => post('{"jsonrpc":"2.0","id":1,"method":"ping"}', { ...legacy, 'mcp-session-id': '../x' }),
  ],
  ['no session', () => post('{"jsonrpc":"2.0","id":1,"method":"ping"}', legacy)],
  ['a bad initialize', () => post('{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}', legacy)],
  ['a coding that is not understood', () => post(undefined, { 'content-encoding': 'gzip' })],
  ['another charset', () => post(undefined, { 'content-type': 'application/json; charset=utf-7' })],
  ['a page as media type', () => post(undefined, { 'content-type': 'text/html' })],
  ['two tokens', () => post(undefined, { authorization: ['Bearer a', 'Bearer b'] })],
  ['too deep a body', () => post(`${'['.repeat(5000)}${']'.repeat(5000)}`)],
  ['too large a body', () => post('x'.repeat(5 * 1024 * 1024))],
  ['a stream of nobody', () => rawRequest(url, { headers: { accept: 'text/event-stream' } })],
  ['another method', () => rawRequest(url, { method: 'PATCH' })],
  ['no such path', () => rawRequest(new URL('/..%2f..%2fetc/passwd', url).href)],
];

describe('what is wrong with a request', () => {
  it.each(GARBAGE)('[OPS-13] is answered with id and code only: %s', async (_what, send) => {
    const answer = await send();
    expect(answer.status).toBeLessThan(500);
    if (Array.isArray(JSON.parse(answer.text))) expectNothingInside(answer.text);
    else expectBareError(answer);
  });

  it('[OPS-13] that is no HTTP is answered without a word', async () => {
    const { port } = new URL(url);
    for (const bytes of ['\0\0\0\r\n\r\n', 'GET\r\n\r\n', 'GET / HTTP/9.9\r\n\r\n']) {
      const [head, body] = (await exchangeRaw(Number(port), bytes)).split('\r\n\r\n');
      expect(head).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
      expectNothingInside(head!);
      expect(body).toBe('');
    }
  });
});

/** Ways in which an upstream fails, each with something in it that must stay inside. */
const FAILURES: readonly [string, Behaviour, string][] = [
  ['500 with a stack', refuse(500), 'upstream_unavailable'],
  ['502', refuse(502), 'upstream_unavailable'],
  [
    '401 for our own credentials',
    refuse(401, Infinity, { 'www-authenticate': `Bearer realm="${SECRET}"` }),
    'upstream_',
  ],
  ['403', refuse(403), 'upstream_'],
  ['404', refuse(404), 'upstream_'],
  ['a redirect', refuse(302, Infinity, { location: 'http://127.0.0.1:1/secret' }), 'upstream_'],
  ['a page', ({ response }) => response.end(`<html>${SECRET}</html>`), 'upstream_protocol'],
  ['half a message', ({ response }) => json(response, `{"jsonrpc":"2.0","${SECRET}`), 'upstream_protocol'],
  [
    'an answer to another request',
    ({ response }) => json(response, { jsonrpc: '2.0', id: SECRET, result: {} }),
    'upstream_protocol',
  ],
  [
    'an answer that is none',
    ({ response, message: { id } }) => json(response, { jsonrpc: '2.0', id, secret: 1 }),
    'upstream_protocol',
  ],
  ['a broken connection', reset, 'upstream_unavailable'],
  ['nothing', hang, 'upstream_timeout'],
];

describe('what is wrong with an upstream', () => {
  it.each(FAILURES)('[OPS-13] is answered with id and code only: %s', async (_what, behaviour, code) => {
    upstream.behave(behaviour);
    const answer = await post();
    expectBareError(answer);
    expect(JSON.parse(answer.text).error.data.code).toMatch(new RegExp(`^${code}`));
  });

  it('[OPS-13] is answered with id and code only: nobody there', async () => {
    const port = await freePort();
    await using lost = await startTestGateway(
      configuration({ tracker: `http://127.0.0.1:${port}/mcp` }, { upstream: { timeouts: { call: '10s' } } }),
      { tap: false },
    );
    const answer = await rawRequest(lost.audience(), {
      method: 'POST',
      headers: modernHeaders('tools/call', PARAMS, {}),
      body: modernBody('tools/call', PARAMS),
    });
    expectBareError(answer);
    expect(answer.text).not.toContain(String(port));
    expect(JSON.parse(answer.text).error.data.code).toBe('upstream_unavailable');
  });

  it.each([
    ['a program that is not there', ['/nowhere/secret-program']],
    ['a program that ends at once', [process.execPath, '-e', `console.error('${SECRET}'); process.exit(3)`]],
    ['a program that talks nonsense', [process.execPath, '-e', `console.log('${SECRET}')`]],
  ])('[OPS-13] is answered with id and code only: %s', async (_what, command) => {
    const yaml = JSON.parse(configuration({ tracker: upstream.url }));
    yaml.upstreams.tracker = { type: 'stdio', command, timeouts: { call: '1s', connect: '1s' } };
    await using broken = await startTestGateway(JSON.stringify(yaml), { tap: false });
    const answer = await rawRequest(broken.audience(), {
      method: 'POST',
      headers: modernHeaders('tools/call', PARAMS, {}),
      body: modernBody('tools/call', PARAMS),
    });
    expectBareError(answer);
    expect(JSON.parse(answer.text).error.data.code).toMatch(/^upstream_/);
  });

  it('[OPS-13] is told in the log, under the same id', async () => {
    upstream.behave(refuse(500));
    const { headers } = await post();
    const lines = (await gateway.log()).split('\n').filter((line) => line.includes('request failed'));
    expect(lines.some((line) => line.includes(String(headers['x-correlation-id'])))).toBe(true);
  });
});

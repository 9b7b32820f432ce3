import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { makeApiKey } from '../../runtime/identity/api-key.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { echo, type HttpApi, reply, startHttpApi } from '../support/http-api.ts';
import { callTool, modernBody, modernHeaders, modernRequest, toolNames } from '../support/modern-client.ts';
import { rawRequest } from '../support/raw-request.ts';
import { PEERS } from './clients/peers.ts';

const id = { name: 'id', in: 'path', required: true, schema: { type: ['string', 'integer'] } };
const json = (schema: object) => ({ content: { 'application/json': { schema } } });
const Thing = {
  type: 'object',
  required: ['name'],
  properties: {
    name: { type: 'string' },
    size: { type: 'number' },
    parts: { type: 'array', items: { $ref: '#/components/schemas/Thing' } },
  },
};

/** Five operations. */
const DOCUMENT = {
  openapi: '3.1.0',
  info: { title: 'Things', version: '3.2.1' },
  paths: {
    '/things': {
      get: {
        operationId: 'listThings',
        parameters: [
          { name: 'tag', in: 'query', schema: { type: 'array', items: { type: 'string' } } },
          { name: 'X-Trace', in: 'header', schema: { type: 'string' } },
          { name: 'session', in: 'cookie', schema: { type: 'string' } },
        ],
        responses: {},
      },
      post: {
        operationId: 'createThing',
        requestBody: { required: true, ...json({ $ref: '#/components/schemas/Thing' }) },
        responses: {},
      },
    },
    '/things/{id}': {
      parameters: [id],
      get: { operationId: 'getThing', responses: { 200: json({ $ref: '#/components/schemas/Thing' }) } },
      put: { operationId: 'replaceThing', requestBody: json({ type: 'object' }), responses: {} },
      delete: { operationId: 'deleteThing', responses: { 204: {} } },
    },
  },
  components: { schemas: { Thing } },
};

const FIVE = ['listThings', 'createThing', 'getThing', 'replaceThing', 'deleteThing'];

const yaml = (options = '', server = 'anonymous: true', more = ''): string => `version: 1
listeners:
  main: { bind: "127.0.0.1:0", hosts: [127.0.0.1, localhost] }
servers:
  main: { at: [{ listener: main }], ${server}, expose: [{ upstream: api }] }
upstreams:
  api:
    type: openapi
    spec: ./api.json
    baseUrl: "\${env:API}"
    egress: { allow: [127.0.0.0/8] }
${options}
${more}`;

let api: HttpApi;
let gateway: TestGateway;
let url: string;

const start = (options = '', server?: string, more?: string, files: Record<string, string> = {}) =>
  startTestGateway(yaml(options, server, more), {
    files: { 'api.json': JSON.stringify(DOCUMENT), ...files },
    env: { API: `${api.origin}/base/`, KEY: 'the-key' },
  });

beforeAll(async () => {
  api = await startHttpApi();
  gateway = await start();
  url = gateway.url();
});
afterEach(() => {
  api.answer = echo;
});
afterAll(async () => {
  await gateway?.close();
  await api?.close();
});

describe('an HTTP API as an upstream', () => {
  it.each(PEERS)(
    '[PLUG-05/generation] OpenAPI file with 5 operations gives 5 tools, and calls work for $name',
    async ({ open }) => {
      await using peer = await open(url);
      expect(await peer.tools()).toEqual(FIVE);
      const { text, isError } = await peer.call('listThings', {
        tag: ['a', 'b c'],
        'X-Trace': 't1',
        session: 's;1',
      });
      expect(isError).toBe(false);
      expect(JSON.parse(text)).toMatchObject({
        method: 'GET',
        url: '/base/things?tag=a&tag=b%20c',
        headers: { 'x-trace': 't1', cookie: 'session=s%3B1' },
      });
      const created = await peer.call('createThing', { body: { name: 'wheel', parts: [{ name: 'spoke' }] } });
      expect(JSON.parse(created.text)).toMatchObject({
        method: 'POST',
        url: '/base/things',
        headers: { 'content-type': 'application/json' },
        body: '{"name":"wheel","parts":[{"name":"spoke"}]}',
      });
      expect((await peer.call('replaceThing', { id: 'a b', body: {} })).text).toContain('/base/things/a%20b');
      api.answer = reply(204);
      expect((await peer.call('deleteThing', { id: 1 })).text).toBe('HTTP 204 No Content');
      api.answer = reply(200, { name: 'wheel', size: 3 });
      const { result } = await peer.call('getThing', { id: 1 });
      expect(result.structuredContent).toEqual({ name: 'wheel', size: 3 });
    },
  );

  it('gives a name that is no tool the answer of every unknown tool', async () => {
    const { body } = await callTool(url, 'noThing');
    expect(body.error).toMatchObject({ code: -32602, message: 'Unknown tool: noThing' });
  });

  it('has nothing but tools', async () => {
    const { body } = await modernRequest(url, 'server/discover');
    expect(Object.keys(body.result.capabilities)).toEqual(['tools']);
    expect((await modernRequest(url, 'prompts/list')).body.error.code).toBe(-32601);
  });

  it('has the tools of the new document after a reload', async () => {
    await using own = await start();
    expect(await toolNames(own.url())).toEqual(FIVE);
    const { get } = DOCUMENT.paths['/things'];
    await own.writeBeside(
      'api.json',
      JSON.stringify({ ...DOCUMENT, paths: { '/things': { get: { ...get, operationId: 'findThings' } } } }),
    );
    await own.gateway.reload();
    expect(await toolNames(own.url())).toEqual(['findThings']);
    await own.writeBeside('api.json', '{ "openapi": ');
    await own.gateway.reload();
    expect(await toolNames(own.url())).toEqual(['findThings']);
  });
});

describe('arguments of an operation', () => {
  const asked = async (
    name: string,
    args: object,
  ): Promise<{ isError: boolean; text: string; calls: number }> => {
    const before = api.seen.length;
    const { body } = await callTool(url, name, args);
    return {
      isError: body.result.isError,
      text: body.result.content[0].text,
      calls: api.seen.length - before,
    };
  };

  it.each([
    ['getThing', {}, "must have required property 'id'"],
    ['getThing', { id: 1.5 }, '`id` must be'],
    ['getThing', { id: 'a', other: 1 }, 'must NOT have additional properties: `other`'],
    ['createThing', { body: { size: 'large' } }, '`body`'],
    ['createThing', { body: { name: 'a', parts: [{ name: 7 }] } }, '`body/parts/0/name` must be string'],
    ['listThings', { tag: 'a' }, '`tag` must be array'],
  ])('of %s are refused as a result if they are wrong: %j', async (name, args, problem) => {
    const answer = await asked(name, args);
    expect(answer).toMatchObject({ isError: true, calls: 0 });
    expect(answer.text).toContain('invalid arguments: ');
    expect(answer.text).toContain(problem);
  });

  it.each(['..', '.', '../admin', 'a/../b', 'a/..', '..\\admin', '..;/admin', '', '\ud800'])(
    'in the path are refused if they would leave it: %j',
    async (value) => {
      expect(await asked('getThing', { id: value })).toMatchObject({ isError: true, calls: 0 });
    },
  );

  it.each([
    'a/b',
    '%2e%2e%2f',
    '%2f',
    '?admin=1',
    '#top',
    'a\r\nHost: evil',
    '//evil.example/',
    'a@evil',
    'ü/…',
    '\u0000',
    '.hidden',
    'a..b',
    'http://evil.example',
    ';x=1',
    '*',
  ])('in the path stay one segment of it: %j', async (value) => {
    await callTool(url, 'getThing', { id: value });
    const { url: target = '', headers } = api.seen.at(-1)!;
    expect(target).toBe(`/base/things/${encodeURIComponent(value)}`);
    expect(headers.host).toBe(`127.0.0.1:${api.port}`);
    const parsed = new URL(target, api.origin);
    expect([parsed.origin, parsed.pathname, parsed.search, parsed.hash]).toEqual([
      api.origin,
      target,
      '',
      '',
    ]);
  });

  it.each(['a&admin=1', 'a=b', 'a#b', 'a+b', 'a\r\nb', '%26'])(
    'in the query stay one value of it: %j',
    async (value) => {
      await callTool(url, 'listThings', { tag: [value] });
      const parsed = new URL(api.seen.at(-1)!.url, api.origin);
      expect([...parsed.searchParams]).toEqual([['tag', value]]);
    },
  );

  it.each(['a\r\nx-admin: 1', 'a\nb', 'a\u0000b', 'ümlaut'])(
    'in headers are refused if no header can carry them: %j',
    async (value) => {
      expect(await asked('listThings', { 'X-Trace': value })).toMatchObject({ isError: true, calls: 0 });
    },
  );

  it('keep every digit of a number', async () => {
    const number = '12345678901234567890';
    const params = `"params":{"name":"replaceThing","arguments":{"id":${number},"body":{"total":${number}.10,"list":[1e400]}},`;
    const text = modernBody('tools/call', {}).replace('"params":{', params);
    const named = { name: 'replaceThing' };
    await rawRequest(url, { method: 'POST', headers: modernHeaders('tools/call', named, {}), body: text });
    expect(api.seen.at(-1)).toMatchObject({ url: `/base/things/${number}` });
    expect(String(api.seen.at(-1)!.body)).toBe(`{"total":${number}.10,"list":[1e400]}`);
  });
});

describe('answers of an API', () => {
  const result = async (name = 'listThings', args: object = {}) =>
    (await callTool(url, name, args)).body.result;

  it.each([400, 401, 404, 409, 422, 429, 500, 503])(
    'of status %i are errors that the model can read',
    async (status) => {
      api.answer = reply(status, { problem: 'as it is' });
      const { isError, content } = await result();
      expect(isError).toBe(true);
      expect(content[0].text).toMatch(new RegExp(`^HTTP ${status} .*\n\n{"problem":"as it is"}$`));
    },
  );

  it('that are errors are told up to a bound', async () => {
    api.answer = reply(500, 'x'.repeat(5_000_000), { 'content-type': 'text/plain' });
    const { isError, content } = await result();
    expect(isError).toBe(true);
    expect(content[0].text.length).toBeLessThan(20_000);
  });

  it.each([301, 302, 303, 307, 308])('that lead elsewhere (%i) are not followed', async (status) => {
    await using other = await startHttpApi();
    api.answer = reply(status, '', { location: `${other.origin}/things` });
    expect((await result()).isError).toBe(true);
    api.answer = reply(status, '', { location: '/base/other' });
    const before = api.seen.length;
    expect((await result()).isError).toBe(true);
    expect([other.seen.length, api.seen.length]).toEqual([0, before + 1]);
  });

  it('are the bytes that came, in text and in structured content', async () => {
    const text = '{ "name" : "w\\u0068eel",\r\n  "size": 1.50, "serial": 12345678901234567890 }';
    api.answer = reply(200, text, { 'content-type': 'application/json; charset=utf-8' });
    const answer = await callTool(url, 'getThing', { id: 1 });
    expect(answer.body.result.content[0].text).toBe(text);
    expect(answer.text).toContain(`"structuredContent":${text.replaceAll('\r\n', ' ')}`);
  });

  it('that are not what the document says are errors, with what came beside', async () => {
    for (const [body, problem] of [
      [{ size: 1 }, "must have required property 'name'"],
      [[1], 'it is no JSON object'],
    ] as const) {
      api.answer = reply(200, JSON.stringify(body), { 'content-type': 'application/json' });
      const { isError, content, structuredContent } = await result('getThing', { id: 1 });
      expect([isError, structuredContent]).toEqual([true, undefined]);
      expect(content[0].text).toContain(problem);
      expect(content[1].text).toBe(JSON.stringify(body));
    }
  });

  it('are content of their own kind', async () => {
    const bytes = Buffer.from([0, 255, 1, 254]);
    const data = bytes.toString('base64');
    const content = async (type: string, body: Buffer | string = bytes) => {
      api.answer = reply(200, body, { 'content-type': type });
      return (await result()).content;
    };
    expect(await content('image/png')).toEqual([{ type: 'image', mimeType: 'image/png', data }]);
    expect(await content('audio/ogg; codecs=opus')).toEqual([{ type: 'audio', mimeType: 'audio/ogg', data }]);
    expect(await content('application/pdf')).toEqual([
      { type: 'resource', resource: { uri: 'openapi:listThings', mimeType: 'application/pdf', blob: data } },
    ]);
    expect(await content('text/csv; charset=iso-8859-1', Buffer.from([0x61, 0xfc]))).toEqual([
      { type: 'text', text: 'aü' },
    ]);
    expect(await content('application/problem+json', '{}')).toEqual([{ type: 'text', text: '{}' }]);
  });

  it('that were coded without being asked are refused', async () => {
    api.answer = reply(200, 'x', { 'content-type': 'text/plain', 'content-encoding': 'gzip' });
    expect((await callTool(url, 'listThings')).body.error.data.code).toBe('upstream_protocol');
  });
});

describe('what goes to an API', () => {
  it("has the gateway's credential and the headers that are named, and nothing of the caller's own", async () => {
    const robot = makeApiKey('robot');
    const keys = JSON.stringify({ keys: [{ id: 'robot', hash: robot.hash, servers: ['main'] }] });
    const credentials =
      '    credentials: { type: bearer, token: "${env:KEY}" }\n    headers: { forward: [x-request-id], set: { x-env: prod } }';
    const identity = 'identity:\n  robots: { type: api-key, keysFile: ./keys.yaml }\n';
    await using own = await start(credentials, 'identity: [robots]', identity, { 'keys.yaml': keys });
    await callTool(
      own.url(),
      'listThings',
      {},
      { token: robot.key, headers: { 'x-request-id': 'r1', cookie: 'c=1', 'x-other': 'o' } },
    );
    const { rawHeaders, headers } = api.seen.at(-1)!;
    expect(headers).toMatchObject({ authorization: 'Bearer the-key', 'x-request-id': 'r1', 'x-env': 'prod' });
    expect(rawHeaders.join('\n')).not.toContain(robot.key);
    const names = rawHeaders.filter((_, at) => at % 2 === 0).map((name) => name.toLowerCase());
    expect(names.sort()).toEqual([
      'accept',
      'accept-encoding',
      'authorization',
      'host',
      'user-agent',
      'x-env',
      'x-request-id',
    ]);
  });

  it.each([
    ['{ type: api-key, in: header, name: X-Key, key: "${env:KEY}" }', { 'x-key': 'the-key' }, '/base/things'],
    ['{ type: api-key, in: query, name: k y, key: "${env:KEY}" }', {}, '/base/things?k%20y=the-key'],
    [
      '{ type: basic, username: me, password: "${env:KEY}" }',
      { authorization: `Basic ${btoa('me:the-key')}` },
      '/base/things',
    ],
  ])('has the credential %s', async (credentials, headers, target) => {
    await using own = await start(`    credentials: ${credentials.replace('k y', 'k_y')}`);
    await callTool(own.url(), 'listThings');
    expect(api.seen.at(-1)).toMatchObject({ headers, url: target.replace('k%20y', 'k_y') });
  });

  it('goes where egress allows only, whatever a name resolves to', async () => {
    const files = { 'api.json': JSON.stringify(DOCUMENT) };
    const env = { API: `http://localhost:${api.port}` };
    const before = api.seen.length;
    for (const allow of ['[public]', '[10.0.0.0/8]']) {
      await using own = await startTestGateway(yaml().replace('[127.0.0.0/8]', allow), { files, env });
      expect((await callTool(own.url(), 'listThings')).body.error.data.code).toBe('upstream_unavailable');
      const log = await own.log();
      expect(log).toContain('a connection was refused');
      expect(log).toContain('127.0.0.1');
    }
    expect(api.seen).toHaveLength(before);
    await using own = await startTestGateway(yaml(), { files, env });
    expect((await callTool(own.url(), 'listThings')).body.result.isError).toBe(false);
  });
});

describe('calls of an API', () => {
  it('are repeated where the method is idempotent, and no other', async () => {
    await using own = await start('    retry: { maxAttempts: 3, backoff: { base: 1ms } }');
    const attempts = async (name: string, args: object): Promise<number> => {
      const before = api.seen.length;
      api.answer = reply(503);
      expect((await callTool(own.url(), name, args)).body).toBeDefined();
      return api.seen.length - before;
    };
    expect(await attempts('getThing', { id: 1 })).toBe(3);
    expect(await attempts('replaceThing', { id: 1 })).toBe(3);
    expect(await attempts('deleteThing', { id: 1 })).toBe(3);
    expect(await attempts('createThing', { body: { name: 'a' } })).toBe(1);
  });

  it('end with their deadline, and with the connection', async () => {
    await using own = await start('    timeouts: { call: 1s }');
    const closed = Promise.withResolvers<void>();
    api.answer = (_seen, _response, request) => request.socket.once('close', () => closed.resolve());
    expect((await callTool(own.url(), 'listThings')).body.error.data.code).toBe('upstream_timeout');
    await closed.promise;
  });

  it('are taken back with the request of the caller', async () => {
    const closed = Promise.withResolvers<void>();
    api.answer = (_seen, _response, request) => request.socket.once('close', () => closed.resolve());
    const asked = api.next();
    const abort = new AbortController();
    const params = { name: 'listThings', arguments: {} };
    const call = fetch(url, {
      method: 'POST',
      headers: modernHeaders('tools/call', params, {}),
      body: modernBody('tools/call', params),
      signal: abort.signal,
    }).catch(() => undefined);
    await asked;
    abort.abort();
    await Promise.all([call, closed.promise]);
  });

  it('stop for a while when the API fails again and again', async () => {
    await using own = await start('    breaker: { consecutive: 2, openFor: 1m }');
    api.answer = reply(500);
    await callTool(own.url(), 'listThings');
    await callTool(own.url(), 'listThings');
    const before = api.seen.length;
    expect((await callTool(own.url(), 'listThings')).body.error.data.code).toBe('breaker_open');
    expect(api.seen).toHaveLength(before);
  });

  it('bring no more than the bound of a limit', async () => {
    const limits = 'limits:\n  small: { type: bounds, resultBytes: 1KiB }\n';
    await using own = await start('', 'anonymous: true, limits: [small]', limits);
    for (const headers of [
      { 'content-type': 'text/plain' },
      { 'content-type': 'text/plain', 'content-length': '2000' },
    ]) {
      api.answer = (_seen, response) => {
        response.writeHead(200, headers);
        response.end('x'.repeat(2000));
      };
      expect((await callTool(own.url(), 'listThings')).body.error.data.code).toBe('result_too_large');
    }
  });

  it('fail where nothing listens', async () => {
    const gone = await startHttpApi();
    await gone.close();
    await using own = await startTestGateway(yaml(), {
      files: { 'api.json': JSON.stringify(DOCUMENT) },
      env: { API: gone.origin },
    });
    expect((await callTool(own.url(), 'listThings')).body.error.data.code).toBe('upstream_unavailable');
    expect(await toolNames(own.url())).toEqual(FIVE);
  });
});

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { GatewayError } from '../../../runtime/errors.ts';
import type { Link } from '../../../runtime/upstream/link.ts';
import { createUpstream } from '../../../runtime/upstream/upstream.ts';
import type { OpenApiOperationNode, OpenApiUpstreamNode } from '../../../schema/graph/upstream.ts';
import { type HttpApi, reply, startHttpApi } from '../../support/http-api.ts';
import { RecordingSink } from './recording-sink.ts';
import { rejection, TIMEOUTS, testContext } from './test-context.ts';

const operation = (name: string, changes: Partial<OpenApiOperationNode> = {}): OpenApiOperationNode => ({
  name,
  tool: JSON.stringify({ name, inputSchema: { type: 'object', properties: { id: {}, body: {} } } }),
  method: 'GET',
  path: [`/${name}/`, 0],
  parameters: [{ argument: 'id', name: 'id', in: 'path', style: 'simple', explode: false }],
  accept: '*/*',
  idempotent: true,
  ...changes,
});

let api: HttpApi;
beforeAll(async () => {
  api = await startHttpApi();
});
afterAll(() => api.close());

const opened: { close(): Promise<void> }[] = [];
afterEach(() => Promise.all(opened.splice(0).map((each) => each.close())));

const nodeOf = (
  operations: readonly OpenApiOperationNode[],
  changes: Partial<OpenApiUpstreamNode> = {},
): OpenApiUpstreamNode => ({
  kind: 'upstream',
  type: 'openapi',
  name: 'tested',
  timeouts: TIMEOUTS,
  annotations: 'ignore',
  info: { name: 'Tested', version: '1' },
  endpoints: [api.origin],
  operations,
  headers: { forward: [], set: {} },
  egress: { public: false, ranges: ['127.0.0.1'] },
  tls: {},
  connections: 4,
  ...changes,
});

const open = (node: OpenApiUpstreamNode) => {
  const context = testContext();
  const upstream = createUpstream(node, context);
  opened.push(upstream);
  return { upstream, context };
};

const ask = async (
  link: Link,
  method: string,
  params: object,
  headers: readonly string[] = [],
): Promise<RecordingSink> => {
  const sink = new RecordingSink();
  const id = link.nextId();
  const body = JSON.stringify({ jsonrpc: '2.0', id, method, params });
  link.request({ id, method, body, headers, idempotent: false }, sink);
  await sink.ended;
  return sink;
};

const call = (link: Link, name: string, args: object = { id: '1' }, headers?: readonly string[]) =>
  ask(link, 'tools/call', { name, arguments: args }, headers);

// biome-ignore lint/suspicious/noExplicitAny: tests look into whatever came
const resultOf = (sink: RecordingSink): any => sink.response?.result;

describe('an upstream of type openapi', () => {
  it('speaks the modern era to clients of both', async () => {
    const { upstream } = open(nodeOf([operation('a')]));
    expect([await upstream.eraFor('legacy'), upstream.eraAtHand('modern')]).toEqual(['modern', 'modern']);
    const opening = {
      capabilities: {},
      clientInfo: { name: 'c', version: '1' },
      protocolVersion: '2025-11-25',
      isolationKey: '',
      listen: false,
      headers: [],
    };
    expect((await rejection(upstream.legacy(opening))).code).toBe('upstream_protocol');
    expect(upstream.modernAtHand()).toBeUndefined();
    expect(await upstream.modern()).toBe(upstream.modernAtHand());
  });

  it('lists its tools as they are in the graph, byte by byte', async () => {
    const operations = [
      operation('a'),
      operation('b', { tool: '{"name":"b", "inputSchema":{"type":"object"},"x":12345678901234567890}' }),
    ];
    const link = await open(nodeOf(operations)).upstream.modern();
    const { response } = await ask(link, 'tools/list', {});
    expect(response?.text).toContain(`"tools":[${operations.map(({ tool }) => tool).join(',')}]`);
    expect(JSON.parse(response!.text)).toEqual({ jsonrpc: '2.0', id: 1, result: response?.result });
  });

  it('knows no other method and no other tool', async () => {
    const link = await open(nodeOf([operation('a')])).upstream.modern();
    expect((await ask(link, 'prompts/list', {})).response?.error).toMatchObject({ code: -32601 });
    for (const name of ['b', 'toString', '__proto__'])
      expect((await call(link, name)).response?.error).toMatchObject({ code: -32602 });
  });

  it('ends what is in flight when it is closed, and takes nothing more', async () => {
    api.answer = () => undefined;
    const { upstream } = open(nodeOf([operation('a')]));
    const link = await upstream.modern();
    const asked = api.next();
    const pending = call(link, 'a');
    await asked;
    await upstream.close();
    expect((await pending).error?.code).toBe('shutting_down');
    expect((await call(link, 'a')).error).toBeInstanceOf(GatewayError);
    expect(link.closed).toBe(true);
    expect((await rejection(upstream.modern())).code).toBe('shutting_down');
  });

  it('passes on the headers that the gateway was told to, and none of MCP', async () => {
    api.answer = reply(200);
    const link = await open(nodeOf([operation('a')])).upstream.modern();
    await call(link, 'a', { id: '1' }, [
      'x-request-id',
      'r1',
      'mcp-method',
      'tools/call',
      'mcp-name',
      'a',
      'mcp-param-id',
      '1',
    ]);
    const { headers } = api.seen.at(-1)!;
    expect(headers['x-request-id']).toBe('r1');
    expect(Object.keys(headers).filter((name) => name.startsWith('mcp-'))).toEqual([]);
  });

  it('leaves patterns that take more than linear time to the API', async () => {
    api.answer = reply(200);
    const evil = { type: 'string', pattern: '^(a+)+$' };
    const unknown = { type: 'string', pattern: '^(?=a)b\\1' };
    const tool = JSON.stringify({
      name: 'a',
      inputSchema: { type: 'object', properties: { id: evil, body: unknown } },
    });
    const link = await open(nodeOf([operation('a', { tool })])).upstream.modern();
    const startedMs = performance.now();
    expect(resultOf(await call(link, 'a', { id: `${'a'.repeat(50_000)}!` })).isError).toBe(true);
    expect(performance.now() - startedMs).toBeLessThan(10_000);
    expect(resultOf(await call(link, 'a', { id: 'aaa', body: 'anything' })).isError).toBe(false);
  });

  it('does not compare every item of a list with every other', async () => {
    api.answer = reply(200);
    const tool = JSON.stringify({
      name: 'a',
      inputSchema: { type: 'object', properties: { body: { type: 'array', uniqueItems: true }, id: {} } },
    });
    const link = await open(nodeOf([operation('a', { tool })])).upstream.modern();
    const body = Array.from({ length: 100_000 }, (_, at) => ({ at }));
    const startedMs = performance.now();
    expect(resultOf(await call(link, 'a', { id: '1', body })).isError).toBe(false);
    expect(performance.now() - startedMs).toBeLessThan(10_000);
  });
});

describe('a call of one operation among many', () => {
  /** Counts what is read of the node, at every depth. */
  const watched = <T extends object>(target: T, reads: { count: number }): T =>
    new Proxy(target, {
      get(object, key) {
        reads.count += 1;
        const value: unknown = Reflect.get(object, key);
        return typeof value === 'object' && value !== null ? watched(value, reads) : value;
      },
    });

  it('reads as much of the configuration as a call of the only one', async () => {
    api.answer = reply(200, 'ok', { 'content-type': 'text/plain' });
    const readsPerCall = async (count: number): Promise<number> => {
      const reads = { count: 0 };
      const operations = Array.from({ length: count }, (_, at) => operation(`op${at}`));
      const { upstream } = open({ ...nodeOf([]), operations: watched(operations, reads) });
      const link = await upstream.modern();
      const name = `op${count - 1}`;
      await call(link, name);
      const before = reads.count;
      expect(resultOf(await call(link, name)).content).toEqual([{ type: 'text', text: 'ok' }]);
      return reads.count - before;
    };
    expect(await readsPerCall(500)).toBe(await readsPerCall(1));
  });
});

describe('connections of an API', () => {
  const attempt = async (baseUrl: string, egress: OpenApiUpstreamNode['egress']) => {
    const { upstream, context } = open(
      nodeOf([operation('a')], {
        endpoints: [baseUrl],
        egress,
        retry: {
          maxAttempts: 3,
          when: ['connect-error'],
          backoff: { baseMs: 1, maxMs: 1, jitter: 'none' },
          onlyIdempotent: false,
        },
      }),
    );
    const before = api.seen.length;
    const sink = await call(await upstream.modern(), 'a');
    return { code: sink.error?.code, calls: api.seen.length - before, context };
  };

  it('are kept, whatever is asked over them: a HEAD that tells a length, a POST of nothing, a GET', async () => {
    const methods = ['HEAD', 'POST', 'PUT', 'DELETE', 'GET', 'HEAD', 'GET'];
    const operations = ['HEAD', 'POST', 'PUT', 'DELETE', 'GET'].map((method) =>
      operation(method, { method }),
    );
    const link = await open(nodeOf(operations)).upstream.modern();
    const ports = new Set<number | undefined>();
    api.answer = ({ method }, response, request) => {
      ports.add(request.socket.remotePort);
      response.writeHead(200, { 'content-type': 'text/plain', 'content-length': '4' });
      response.end(method === 'HEAD' ? '' : 'done');
    };
    const before = api.seen.length;
    for (const method of methods) {
      const { content } = resultOf(await call(link, method));
      if (method !== 'HEAD') expect(JSON.stringify(content)).toContain('done');
      // What has been answered frees its connection at the end of the turn.
      await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    }
    const seen = api.seen.slice(before);
    expect(seen.map(({ method }) => method)).toEqual(methods);
    for (const { method, headers } of seen)
      expect(headers['content-length']).toBe(method === 'POST' || method === 'PUT' ? '0' : undefined);
    expect(ports.size).toBe(1);
  });

  it('that are refused again and again are told of together, beyond a few a second', async () => {
    const egress = { public: true, ranges: ['10.0.0.0/8'] };
    const { upstream, context } = open(nodeOf([operation('a')], { egress }));
    const link = await upstream.modern();
    for (let turn = 0; turn < 100; turn += 1)
      expect((await call(link, 'a')).error?.code).toBe('upstream_unavailable');
    expect(context.logged.length).toBeLessThan(100);
    await upstream.close();
    const told = context.logged.map(({ fields }) => fields.count ?? 1);
    expect(told.reduce((sum, count) => Number(sum) + Number(count), 0)).toBe(100);
    expect(context.logged[0]).toMatchObject({ level: 'warn', message: 'a connection was refused' });
  });

  it('are refused by the address that a name has when they are made, once and in the log', async () => {
    api.answer = reply(200);
    for (const host of ['localhost', '127.0.0.1', '127.1', '2130706433', '0x7f000001']) {
      const baseUrl = `http://${host}:${api.port}`;
      const { code, calls, context } = await attempt(baseUrl, { public: true, ranges: ['10.0.0.0/8'] });
      expect([host, code, calls, context.observed]).toEqual([host, 'upstream_unavailable', 0, []]);
      expect(context.logged).toMatchObject([{ level: 'warn', message: 'a connection was refused' }]);
      expect(await attempt(baseUrl, { public: false, ranges: ['127.0.0.0/8'] })).toMatchObject({
        code: undefined,
        calls: 1,
      });
    }
  });

  it('go to an allowed address of a name that has others too', async () => {
    api.answer = reply(200);
    const { code, calls } = await attempt(`http://localhost:${api.port}`, {
      public: false,
      ranges: ['127.0.0.1', '192.0.2.0/24'],
    });
    expect([code, calls]).toEqual([undefined, 1]);
    expect((await attempt(`http://localhost:${api.port}`, { public: false, ranges: ['::1'] })).calls).toBe(0);
  });

  it('are never made to a metadata service, whatever is allowed', async () => {
    const { code, context } = await attempt('http://169.254.169.254', {
      public: true,
      ranges: ['0.0.0.0/0', '::/0'],
    });
    expect(code).toBe('upstream_unavailable');
    expect(String(context.logged[0]?.fields.cause)).toContain('egress does not allow 169.254.169.254');
  });
});

it('tools of one upstream are checked by schemas of their own, though parts of them have one name', async () => {
  api.answer = reply(200);
  const tool = (name: string, type: string) =>
    JSON.stringify({
      name,
      inputSchema: { type: 'object', properties: { id: { $ref: '#/$defs/Id' } }, $defs: { Id: { type } } },
    });
  const operations = [
    operation('a', { tool: tool('a', 'string') }),
    operation('b', { tool: tool('b', 'integer') }),
  ];
  const link = await open(nodeOf(operations)).upstream.modern();
  const isError = async (name: string, id: unknown) => resultOf(await call(link, name, { id })).isError;
  expect([await isError('a', 'x'), await isError('b', 1)]).toEqual([false, false]);
  expect([await isError('a', 1), await isError('b', 'x')]).toEqual([true, true]);
});

describe('an operation that is slow', () => {
  const hedged = (max: number): Partial<OpenApiUpstreamNode> => ({
    retry: {
      maxAttempts: 1,
      when: ['http-503'],
      backoff: { baseMs: 1, maxMs: 1, jitter: 'none' },
      onlyIdempotent: true,
      hedge: { afterMs: 20, max },
    },
  });
  const get = operation('read');
  const post = operation('write', { method: 'POST', idempotent: false });

  /** Answers each request by its number, from 0. */
  const answering = (answers: readonly (typeof api.answer)[]): void => {
    let at = -1;
    api.answer = (...parts) => {
      at += 1;
      answers[at]!(...parts);
    };
  };

  it('is sent once more, and the first answer counts; the others are taken back', async () => {
    const { upstream, context } = open(nodeOf([get], hedged(1)));
    let isTakenBack = false;
    const slow: typeof api.answer = (_seen, response) => response.on('close', () => (isTakenBack = true));
    answering([slow, reply(200, 'second')]);
    const before = api.seen.length;
    expect(JSON.stringify(resultOf(await call(await upstream.modern(), 'read')))).toContain('second');
    expect(api.seen.length - before).toBe(2);
    expect(JSON.stringify(context.observed)).toContain('hedge');
    await expect.poll(() => isTakenBack).toBe(true);
    expect(upstream.state().inFlight).toBe(0);
  });

  it('has no answer yet while a refusal alone has come', async () => {
    const { upstream } = open(nodeOf([get], hedged(1)));
    const late: { response?: Parameters<typeof api.answer>[1] } = {};
    answering([
      (_seen, response) => {
        late.response = response;
      },
      (...parts) => {
        reply(503, 'busy')(...parts);
        late.response!.end('first');
      },
    ]);
    expect(JSON.stringify(resultOf(await call(await upstream.modern(), 'read')))).toContain('first');
  });

  it('is never sent twice where that could do harm', async () => {
    const { upstream } = open(nodeOf([post], hedged(1)));
    api.answer = (...parts) => void setTimeout(() => reply(200, 'done')(...parts), 100);
    const before = api.seen.length;
    await call(await upstream.modern(), 'write');
    expect(api.seen.length - before).toBe(1);
  });

  it('is taken back whole with its call', async () => {
    const { upstream } = open(nodeOf([get], hedged(2)));
    let closed = 0;
    const slow: typeof api.answer = (_seen, response) => response.on('close', () => (closed += 1));
    answering([slow, slow, slow]);
    const link = await upstream.modern();
    const before = api.seen.length;
    const body = JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: 'read', arguments: { id: '1' } },
    });
    const request = { id: 1, method: 'tools/call', body, headers: [], idempotent: false };
    const cancel = link.request(request, new RecordingSink());
    await expect.poll(() => api.seen.length - before).toBe(3);
    cancel();
    await expect.poll(() => closed).toBe(3);
    expect(upstream.state().inFlight).toBe(0);
  });
});

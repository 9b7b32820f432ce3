import { describe, expect, it } from 'vitest';
import { configuration } from '../../support/configuration.ts';
import { event, json, openStream } from '../../support/fast-upstream.ts';
import { startTestGateway } from '../../support/gateway.ts';
import { callTool, modernRequest } from '../../support/modern-client.ts';
import { startToolUpstream, told } from '../../support/tool-upstream.ts';

const CAPABILITIES = 'io.modelcontextprotocol/clientCapabilities';
const LOG_LEVEL = 'io.modelcontextprotocol/logLevel';

const upstreamOf = async (...given: Parameters<typeof startToolUpstream>) => {
  const upstream = await startToolUpstream(...given);
  return { upstream, url: upstream.url, [Symbol.asyncDispose]: () => upstream.close() };
};

const region = {
  name: 'q',
  inputSchema: { type: 'object', properties: { region: { type: 'string', 'x-mcp-header': 'Region' } } },
};

describe('a mirrored argument that is an object', () => {
  const hostile = { region: { toString: 1, valueOf: 1 } };

  it('is refused, and the gateway serves on', async () => {
    await using only = await upstreamOf('only', [region], { eras: ['modern'] });
    await using gateway = await startTestGateway(configuration({ only: only.url }));
    const headers = { 'mcp-param-region': 'eu' };
    const refused = await callTool(gateway.url(), 'q', hostile, { headers });
    expect([refused.status, refused.body.error.code]).toEqual([400, -32020]);
    const good = await callTool(gateway.url(), 'q', { region: 'eu' }, { headers });
    expect(told(good.body.result).headers).toMatchObject(headers);
  });
});

describe('[AUTHZ-05] features over what a client can be asked for', () => {
  const declared = { elicitation: { form: {} }, sampling: {}, roots: {}, experimental: { a: {} } };
  const off = { server: { features: { elicitation: false, sampling: false } } };
  const asking = (method: string) => ({
    resultType: 'input_required',
    inputRequests: { a: { method, params: { message: 'password?', requestedSchema: { type: 'object' } } } },
  });

  it('takes what is off out of the capabilities that go upstream', async () => {
    await using only = await upstreamOf('only', ['q'], { eras: ['modern'] });
    await using gateway = await startTestGateway(configuration({ only: only.url }, off));
    const { body } = await callTool(gateway.url(), 'q', { n: 1 }, { capabilities: declared });
    expect(told(body.result).arguments).toEqual({ n: 1 });
    for (const { message } of only.upstream.log.filter(({ message }) => message.method !== 'server/discover'))
      expect(message.params!._meta).toMatchObject({ [CAPABILITIES]: { roots: {}, experimental: { a: {} } } });
    expect(JSON.stringify(only.upstream.log)).not.toMatch(/elicitation|sampling/);
  });

  it('leaves all of them where all is on', async () => {
    await using only = await upstreamOf('only', ['q'], { eras: ['modern'] });
    await using gateway = await startTestGateway(configuration({ only: only.url }));
    await callTool(gateway.url(), 'q', {}, { capabilities: declared });
    expect(only.upstream.log.at(-1)!.message.params!._meta).toMatchObject({ [CAPABILITIES]: declared });
  });

  it('does not hand on a request for input of a kind that is off', async () => {
    await using only = await upstreamOf('only', ['q'], { eras: ['modern'] });
    await using gateway = await startTestGateway(configuration({ only: only.url }, off));
    for (const [method, code] of [
      ['elicitation/create', 'upstream_protocol'],
      ['sampling/createMessage', 'upstream_protocol'],
      ['roots/list', undefined],
    ] as const) {
      only.upstream.behave(({ message, response }) =>
        json(response, { jsonrpc: '2.0', id: message.id, result: asking(method) }),
      );
      const { body, text } = await callTool(gateway.url(), 'q', {}, { capabilities: declared });
      expect(body.error?.data.code).toBe(code);
      expect(text.includes('password?')).toBe(code === undefined);
    }
  });
});

describe('the envelope of a modern request', () => {
  it('holds no more capabilities than can be kept', async () => {
    await using only = await upstreamOf('only', ['q'], { eras: ['modern'] });
    await using gateway = await startTestGateway(configuration({ only: only.url }));
    const sized = (length: number) => ({
      capabilities: { experimental: { pad: { p: 'x'.repeat(length) } } },
    });
    const refused = await callTool(gateway.url(), 'q', {}, sized(16 * 1024));
    expect([refused.status, refused.body.error.code]).toEqual([400, -32602]);
    expect(only.upstream.calls).toBe(0);
    expect((await callTool(gateway.url(), 'q', {}, sized(15 * 1024))).body.result).toBeDefined();
  });

  it.each(['bogus', 'DEBUG', 7, null, ['info']])('is refused with a log level of %j', async (level) => {
    await using only = await upstreamOf('only', ['q'], { eras: ['legacy'] });
    await using gateway = await startTestGateway(configuration({ only: only.url }));
    const refused = await callTool(gateway.url(), 'q', {}, { meta: { [LOG_LEVEL]: level } });
    expect([refused.status, refused.body.error.code]).toEqual([400, -32602]);
    expect(only.upstream.calls).toBe(0);
  });

  it('names the log level from which on a legacy upstream is heard', async () => {
    await using only = await upstreamOf('only', ['q'], { eras: ['legacy'] });
    only.upstream.behave(({ message, response }) => {
      openStream(response);
      for (const level of ['debug', 'warning', 'bogus', 'alert'])
        response.write(
          event({ jsonrpc: '2.0', method: 'notifications/message', params: { level, data: level } }),
        );
      response.end(event({ jsonrpc: '2.0', id: message.id, result: { content: [] } }));
    });
    await using gateway = await startTestGateway(configuration({ only: only.url }));
    const { text } = await callTool(gateway.url(), 'q', {}, { meta: { [LOG_LEVEL]: 'warning' } });
    expect([...text.matchAll(/"level":"(\w+)"/g)].map(([, level]) => level)).toEqual(['warning', 'alert']);
  });

  it.each(['constructor', '__proto__', 'nope'])('asks for no method %s', async (method) => {
    await using only = await upstreamOf('only', ['q'], { eras: ['modern'] });
    await using gateway = await startTestGateway(configuration({ only: only.url }));
    const { status, body } = await modernRequest(gateway.url(), method);
    expect([status, body.error.code]).toEqual([404, -32601]);
  });
});

describe('what a modern client hears of a legacy upstream', () => {
  it.each([
    ['a result of null', '"result":null', 'upstream_protocol'],
    ['an id twice', '"id":770077,"result":{"content":[]}', 'upstream_protocol'],
    ['a text as error', '"error":"boom"', 'upstream_protocol'],
    ['a URL to be opened first', '"error":{"code":-32042,"message":"https://evil.example"}', 'not_supported'],
  ])('is not %s', async (_what, members, code) => {
    await using only = await upstreamOf('only', ['q'], { eras: ['legacy'] });
    only.upstream.behave(({ message, response }) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(`{"jsonrpc":"2.0",${members},"id":${message.id}}`);
    });
    await using gateway = await startTestGateway(configuration({ only: only.url }));
    const { body, text } = await callTool(gateway.url(), 'q');
    expect(body.error.data.code).toBe(code);
    expect(text).not.toMatch(/evil|-32042|boom|770077/);
  });

  it('is a result that says nothing of this era, and no null beside it', async () => {
    await using only = await upstreamOf('only', ['q'], { eras: ['legacy'] });
    only.upstream.behave(({ message, response }) =>
      json(response, {
        jsonrpc: '2.0',
        error: null,
        id: message.id,
        result: { content: [], resultType: 'input_required', ttlMs: 9 },
      }),
    );
    await using gateway = await startTestGateway(configuration({ only: only.url }));
    const { text } = await callTool(gateway.url(), 'q');
    expect(text).toBe('{"jsonrpc":"2.0","id":1,"result":{"resultType":"complete","content":[]}}');
  });

  it('is the URI of a resource that was not found', async () => {
    await using only = await upstreamOf('only', ['q'], { eras: ['legacy'] });
    only.upstream.on('resources/read', ({ message, response }) =>
      json(response, { jsonrpc: '2.0', id: message.id, error: { code: -32002, message: 'no such thing' } }),
    );
    await using gateway = await startTestGateway(configuration({ only: only.url }));
    const { body } = await modernRequest(gateway.url(), 'resources/read', { uri: 'a://b' });
    expect(body.error).toEqual({ code: -32602, message: 'no such thing', data: { uri: 'a://b' } });
  });
});

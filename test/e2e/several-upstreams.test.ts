import { describe, expect, it } from 'vitest';
import { configuration } from '../support/configuration.ts';
import { hang } from '../support/fast-upstream.ts';
import { startTestGateway } from '../support/gateway.ts';
import { callTool, modernRequest, toolNames } from '../support/modern-client.ts';
import { startToolUpstream, told } from '../support/tool-upstream.ts';

const resources = (name: string, uris: readonly string[], templates: readonly string[] = []) => ({
  list: { resources: uris.map((uri) => ({ uri, name: `${name} ${uri}` })) },
  templates: { resourceTemplates: templates.map((uriTemplate) => ({ uriTemplate, name })) },
});

describe('several upstreams behind one server', () => {
  it('lists them in the order of the configuration, however quick they answer', async () => {
    await using first = await upstreamOf('first', ['a', 'b']);
    await using second = await upstreamOf('second', ['c']);
    const answer = first.upstream.on.bind(first.upstream);
    answer('tools/list', ({ message, response }) => {
      setImmediate(() => {
        response.writeHead(200, { 'content-type': 'application/json' });
        const tools = ['a', 'b'].map((name) => ({ name, inputSchema: { type: 'object' } }));
        response.end(
          JSON.stringify({
            jsonrpc: '2.0',
            id: message.id,
            result: { tools, ttlMs: 0, cacheScope: 'private', resultType: 'complete' },
          }),
        );
      });
    });
    await using gateway = await startTestGateway(configuration({ first: first.url, second: second.url }));
    for (let list = 0; list < 3; list += 1) expect(await toolNames(gateway.url())).toEqual(['a', 'b', 'c']);
    expect(told((await callTool(gateway.url(), 'c')).body.result).upstream).toBe('second');
  });

  it('serves a name that two upstreams claim from the first that is configured, refuses the other and logs it', async () => {
    await using first = await upstreamOf('first', ['same', 'a']);
    await using second = await upstreamOf('second', ['same', 'b']);
    await using gateway = await startTestGateway(configuration({ first: first.url, second: second.url }));
    expect(await toolNames(gateway.url())).toEqual(['same', 'a', 'b']);
    expect(told((await callTool(gateway.url(), 'same')).body.result).upstream).toBe('first');
    expect(second.upstream.calls).toBe(0);
    expect(await gateway.log()).toContain('two upstreams claim one name');
  });

  it('tells them apart by prefixes, in lists and in calls', async () => {
    await using first = await upstreamOf('first', ['same']);
    await using second = await upstreamOf('second', ['same']);
    const expose = [
      { upstream: 'first', prefix: 'one_' },
      { upstream: 'second', prefix: 'two_' },
    ];
    await using gateway = await startTestGateway(
      configuration({ first: first.url, second: second.url }, { expose }),
    );
    expect(await toolNames(gateway.url())).toEqual(['one_same', 'two_same']);
    expect(told((await callTool(gateway.url(), 'two_same')).body.result)).toMatchObject({
      upstream: 'second',
      tool: 'same',
    });
    expect(second.upstream.log.at(-1)!.headers['mcp-name']).toBe('same');
  });

  it('goes on without an upstream that is down, says so, and takes it back when it is up', async () => {
    await using first = await upstreamOf('first', ['a']);
    const second = await upstreamOf('second', ['b']);
    const { port } = second.upstream;
    await second.upstream.close();
    await using gateway = await startTestGateway(
      configuration({ first: first.url, second: second.url }, { upstream: { timeouts: { list: '5s' } } }),
    );
    const partial = await modernRequest(gateway.url(), 'tools/list');
    expect(partial.body.result.tools.map(({ name }: { name: string }) => name)).toEqual(['a']);
    expect(partial.body.result._meta['io.gatewright/partial']).toBe(true);
    expect((await callTool(gateway.url(), 'b')).body.error.data.code).toBe('upstream_unavailable');
    await using _back = await upstreamOf('second', ['b'], port);
    await expect.poll(() => toolNames(gateway.url()), { timeout: 10_000 }).toEqual(['a', 'b']);
    expect((await callTool(gateway.url(), 'b')).body.result).toBeDefined();
  });

  it('does not let an upstream that hangs delay a call of another', async () => {
    await using first = await upstreamOf('first', ['a']);
    await using second = await upstreamOf('second', ['b']);
    await using gateway = await startTestGateway(configuration({ first: first.url, second: second.url }));
    await toolNames(gateway.url());
    second.upstream.behave(hang);
    const hung = callTool(gateway.url(), 'b');
    await second.upstream.until(() => second.upstream.calls === 1);
    expect((await callTool(gateway.url(), 'a')).body.result).toBeDefined();
    await second.upstream.close();
    expect((await hung).body.error.data.code).toBe('upstream_unavailable');
  });

  it('reads a resource from the upstream that lists it, else from one whose template it fits', async () => {
    await using first = await upstreamOf('first', []);
    await using second = await upstreamOf('second', []);
    const offers = {
      first: resources('first', ['data://one'], ['data://items/{id}']),
      second: resources('second', ['data://two', 'data://items/special']),
    };
    for (const [name, { upstream }] of [
      ['first', first],
      ['second', second],
    ] as const) {
      const complete = { ttlMs: 60_000, cacheScope: 'public', resultType: 'complete' };
      const reply =
        (result: object): Parameters<typeof upstream.on>[1] =>
        ({ message, response }) => {
          response.writeHead(200, { 'content-type': 'application/json' });
          response.end(
            JSON.stringify({ jsonrpc: '2.0', id: message.id, result: { ...result, ...complete } }),
          );
        };
      upstream.on('resources/list', reply(offers[name].list));
      upstream.on('resources/templates/list', reply(offers[name].templates));
      upstream.on('resources/read', (received) =>
        reply({ contents: [{ uri: received.message.params!.uri, text: name }] })(received),
      );
    }
    await using gateway = await startTestGateway(configuration({ first: first.url, second: second.url }));
    const readFrom = async (uri: string): Promise<string> =>
      (await modernRequest(gateway.url(), 'resources/read', { uri })).body.result.contents[0].text;
    expect(await readFrom('data://one')).toBe('first');
    expect(await readFrom('data://two')).toBe('second');
    expect(await readFrom('data://items/7')).toBe('first');
    expect(await readFrom('data://items/special')).toBe('second');
  });

  it('drops a tool whose mirrored headers break the rules, and keeps the others', async () => {
    const bad = {
      name: 'bad',
      inputSchema: { type: 'object', properties: { a: { type: 'number', 'x-mcp-header': 'A' } } },
    };
    const good = {
      name: 'good',
      inputSchema: { type: 'object', properties: { a: { type: 'string', 'x-mcp-header': 'A' } } },
    };
    await using only = await upstreamOf('only', [bad, good]);
    await using gateway = await startTestGateway(configuration({ only: only.url }));
    expect(await toolNames(gateway.url())).toEqual(['good']);
    const mirrored = await callTool(
      gateway.url(),
      'good',
      { a: 'x' },
      { headers: { 'mcp-param-a': 'x', 'mcp-param-other': 'y' } },
    );
    expect(told(mirrored.body.result).headers).toMatchObject({ 'mcp-param-a': 'x', 'mcp-param-other': 'y' });
    const smuggled = await callTool(gateway.url(), 'good', { a: 'x' }, { headers: { 'mcp-param-a': 'y' } });
    expect(smuggled.status).toBe(400);
    expect(smuggled.body.error.code).toBe(-32020);
  });
});

const upstreamOf = async (name: string, tools: Parameters<typeof startToolUpstream>[1], port?: number) => {
  const upstream = await startToolUpstream(name, tools, port === undefined ? {} : { port });
  return { upstream, url: upstream.url, [Symbol.asyncDispose]: () => upstream.close() };
};

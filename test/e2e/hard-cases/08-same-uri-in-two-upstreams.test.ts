import { describe, expect, it } from 'vitest';
import { configuration } from '../../support/configuration.ts';
import { EventStreamClient } from '../../support/event-stream-client.ts';
import { event, openStream } from '../../support/fast-upstream.ts';
import { startTestGateway } from '../../support/gateway.ts';
import { legacyRequest, openSession } from '../../support/legacy-client.ts';
import { callTool, modernBody, modernHeaders, modernRequest } from '../../support/modern-client.ts';
import { readPage } from '../../support/modern-pages.ts';
import {
  answerWith,
  type OfferingUpstream,
  startOfferingUpstream,
  toolsNamed,
} from '../../support/offering-upstream.ts';

const offer = (name: string) => ({
  resources: [
    { uri: 'data://shared', name: `${name}'s`, mimeType: 'text/plain' },
    { uri: `data://only-${name}`, name },
    { uri: 'https://example.com/shared', name },
  ],
  resourceTemplates: [
    { uriTemplate: 'data://items/{id}', name },
    { uriTemplate: `data://${name}/{id}`, name },
  ],
  prompts: [{ name: `${name}-prompt` }],
  tools: toolsNamed(`${name}-tool`),
});

const uris = (page: { resources: { uri: string }[] }): string[] => page.resources.map(({ uri }) => uri);

const BLOCKS = [
  { type: 'resource_link', uri: 'data://shared', name: 'link' },
  { type: 'resource', resource: { uri: 'data://items/7', text: 'data://shared' } },
  { type: 'resource_link', uri: 'data://elsewhere', name: 'other' },
];

const naming = ({ upstream }: OfferingUpstream): void => {
  upstream.behave((received) =>
    answerWith(received, { content: BLOCKS, structuredContent: { uri: 'data://shared' } }),
  );
  upstream.on('prompts/get', (received) =>
    answerWith(received, { messages: BLOCKS.map((content) => ({ role: 'user', content })) }),
  );
};

describe('one URI in two upstreams', () => {
  it('hard case 8: names both without confusion, wherever URIs occur, and leaves all others as they are', async () => {
    await using first = await startOfferingUpstream('first', offer('first'));
    await using second = await startOfferingUpstream('second', offer('second'));
    naming(first);
    naming(second);
    await using gateway = await startTestGateway(configuration({ first: first.url, second: second.url }));
    const url = gateway.url();
    expect(uris(await readPage(url, 'resources/list'))).toEqual([
      'data://shared',
      'data://only-first',
      'https://example.com/shared',
      'data://~second~/shared',
      'data://only-second',
    ]);
    const { resourceTemplates } = await readPage(url, 'resources/templates/list');
    expect(resourceTemplates.map(({ uriTemplate }: { uriTemplate: string }) => uriTemplate)).toEqual([
      'data://items/{id}',
      'data://first/{id}',
      'data://~second~/items/{id}',
      'data://second/{id}',
    ]);

    const read = async (uri: string) =>
      (await modernRequest(url, 'resources/read', { uri })).body.result.contents;
    for (const [uri, text] of [
      ['data://shared', 'first'],
      ['data://~second~/shared', 'second'],
      ['data://only-second', 'second'],
      ['data://items/7', 'first'],
      ['data://~second~/items/7', 'second'],
      ['https://example.com/shared', 'first'],
    ] as const)
      expect(await read(uri)).toEqual([{ uri, text }]);
    const asked = second.upstream.log.filter(({ message }) => message.method === 'resources/read');
    expect(asked.map(({ message, headers }) => [message.params!.uri, headers['mcp-name']])).toEqual([
      ['data://shared', 'data://shared'],
      ['data://only-second', 'data://only-second'],
      ['data://items/7', 'data://items/7'],
    ]);

    const named = (prefix: string) => [
      { ...BLOCKS[0], uri: `data://${prefix}shared` },
      { ...BLOCKS[1], resource: { uri: `data://${prefix}items/7`, text: 'data://shared' } },
      BLOCKS[2],
    ];
    for (const [name, prefix] of [
      ['first', ''],
      ['second', '~second~/'],
    ] as const) {
      const { result } = (await callTool(url, `${name}-tool`)).body;
      expect(result.content).toEqual(named(prefix));
      expect(result.structuredContent).toEqual({ uri: 'data://shared' });
      const prompt = (await modernRequest(url, 'prompts/get', { name: `${name}-prompt` })).body.result;
      expect(prompt.messages.map(({ content }: { content: unknown }) => content)).toEqual(named(prefix));
    }

    const completed = async (uri: string) => {
      const params = { ref: { type: 'ref/resource', uri }, argument: { name: 'id', value: '' } };
      return (await modernRequest(url, 'completion/complete', params)).body.result.completion.values;
    };
    expect(await completed('data://items/{id}')).toEqual(['first', 'data://items/{id}']);
    expect(await completed('data://~second~/items/{id}')).toEqual(['second', 'data://items/{id}']);

    second.upstream.on('resources/read', ({ message, response }) => {
      const error = { code: -32602, message: 'Resource not found', data: { uri: message.params!.uri } };
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ jsonrpc: '2.0', id: message.id, error }));
    });
    const missing = await modernRequest(url, 'resources/read', { uri: 'data://~second~/shared' });
    expect(missing.body.error.data.uri).toBe('data://~second~/shared');
  });

  it('is told apart in a session of an older revision too', async () => {
    await using first = await startOfferingUpstream('first', offer('first'));
    await using second = await startOfferingUpstream('second', offer('second'));
    naming(second);
    await using gateway = await startTestGateway(configuration({ first: first.url, second: second.url }));
    const session = await openSession(gateway.url());
    const ask = async (method: string, params: object) =>
      JSON.parse((await legacyRequest(gateway.url(), method, params, session)).text).result;
    const called = await ask('tools/call', { name: 'second-tool', arguments: {} });
    expect(called.content[0].uri).toBe('data://~second~/shared');
    expect((await ask('resources/read', { uri: 'data://~second~/shared' })).contents).toEqual([
      { uri: 'data://~second~/shared', text: 'second' },
    ]);
  });

  it('does not become the other upstream while its own is not there', async () => {
    await using first = await startOfferingUpstream('first', offer('first'));
    await using second = await startOfferingUpstream('second', offer('second'));
    await using gateway = await startTestGateway(configuration({ first: first.url, second: second.url }));
    await readPage(gateway.url(), 'resources/list');
    first.upstream.on('resources/list', ({ request }) => request.socket.destroy());
    first.offer = { ...first.offer, resources: [] };
    await first.upstream.close();
    const { resources } = await readPage(gateway.url(), 'resources/list');
    expect(resources.map(({ uri }: { uri: string }) => uri)).toContain('data://~second~/shared');
    const kept = await modernRequest(gateway.url(), 'resources/read', { uri: 'data://~second~/shared' });
    expect(kept.body.result.contents[0].text).toBe('second');
    const gone = await modernRequest(gateway.url(), 'resources/read', { uri: 'data://shared' });
    expect(gone.body.error.data.code).toMatch(/^upstream_/);
  });

  it('is decided by rules for the URI that its upstream has', async () => {
    await using first = await startOfferingUpstream('first', offer('first'));
    await using second = await startOfferingUpstream('second', offer('second'));
    const over = {
      server: { policies: ['hidden'] },
      policies: {
        hidden: { type: 'cel', deny: "resource.uri == 'data://shared' && upstream.name == 'second'" },
      },
    };
    await using gateway = await startTestGateway(
      configuration({ first: first.url, second: second.url }, over),
    );
    expect(uris(await readPage(gateway.url(), 'resources/list'))).not.toContain('data://~second~/shared');
    const denied = await modernRequest(gateway.url(), 'resources/read', { uri: 'data://~second~/shared' });
    expect(denied.body.error).toMatchObject({ code: -32602, data: { uri: 'data://~second~/shared' } });
    const allowed = await modernRequest(gateway.url(), 'resources/read', { uri: 'data://shared' });
    expect(allowed.body.result.contents[0].text).toBe('first');
  });
});

/** Acknowledges what it is asked to listen to; tells of a change of a URI whenever it is called. */
const changesOf = ({ upstream }: OfferingUpstream): ((uri: string) => void) => {
  const streams: ((uri: string) => void)[] = [];
  upstream.on('subscriptions/listen', ({ message, response }) => {
    const _meta = { 'io.modelcontextprotocol/subscriptionId': message.id };
    const { notifications } = message.params as { notifications: object };
    const tell = (method: string, params: object) =>
      response.write(event({ jsonrpc: '2.0', method, params: { ...params, _meta } }));
    openStream(response);
    tell('notifications/subscriptions/acknowledged', { notifications });
    streams.push((uri) => tell('notifications/resources/updated', { uri }));
  });
  return (uri) => {
    for (const tell of streams) tell(uri);
  };
};

const BOTH = ['data://shared', 'data://~second~/shared'];

const updatesOf = (client: EventStreamClient): unknown[] =>
  client.messages
    .filter(({ method }) => method === 'notifications/resources/updated')
    .map(({ params }) => (params as { uri: string }).uri);

describe('updates of one URI in two upstreams', () => {
  it('come under the name that the listener knows, from the upstream that it asked', async () => {
    await using first = await startOfferingUpstream('first', offer('first'));
    await using second = await startOfferingUpstream('second', offer('second'));
    const [changeFirst, changeSecond] = [changesOf(first), changesOf(second)];
    await using gateway = await startTestGateway(configuration({ first: first.url, second: second.url }));
    const params = { notifications: { resourceSubscriptions: BOTH } };
    const client = await EventStreamClient.open(
      gateway.url(),
      { method: 'POST', headers: modernHeaders('subscriptions/listen', params, {}) },
      modernBody('subscriptions/listen', params),
    );
    const acknowledged = await client.message(
      ({ method }) => method === 'notifications/subscriptions/acknowledged',
    );
    expect(acknowledged.params).toMatchObject({ notifications: { resourceSubscriptions: BOTH } });
    changeSecond('data://shared');
    await expect.poll(() => updatesOf(client)).toEqual(['data://~second~/shared']);
    changeFirst('data://shared');
    changeSecond('data://shared/part');
    await expect.poll(() => updatesOf(client).length).toBe(3);
    expect(updatesOf(client).toSorted()).toEqual([
      'data://shared',
      'data://~second~/shared',
      'data://~second~/shared/part',
    ]);
    client.close();
  });

  it('come to sessions too, as long as they are subscribed to', async () => {
    await using first = await startOfferingUpstream('first', offer('first'));
    await using second = await startOfferingUpstream('second', offer('second'));
    const [changeFirst, changeSecond] = [changesOf(first), changesOf(second)];
    const upstream = { protocol: { era: 'modern' } };
    await using gateway = await startTestGateway(
      configuration({ first: first.url, second: second.url }, { upstream }),
    );
    const session = await openSession(gateway.url());
    const ask = async (method: string, uri: string) =>
      JSON.parse((await legacyRequest(gateway.url(), method, { uri }, session)).text);
    const headers = { ...session, accept: 'text/event-stream' };
    const client = await EventStreamClient.open(gateway.url(), { method: 'GET', headers });
    for (const uri of BOTH) expect((await ask('resources/subscribe', uri)).result).toEqual({});
    changeSecond('data://shared');
    await expect.poll(() => updatesOf(client)).toEqual(['data://~second~/shared']);
    changeFirst('data://shared');
    await expect.poll(() => updatesOf(client)).toEqual(['data://~second~/shared', 'data://shared']);
    expect((await ask('resources/unsubscribe', 'data://~second~/shared')).result).toEqual({});
    changeSecond('data://shared');
    changeFirst('data://shared');
    await expect.poll(() => updatesOf(client).length).toBe(3);
    expect(updatesOf(client).at(-1)).toBe('data://shared');
    client.close();
  });
});

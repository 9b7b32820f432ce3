import { once } from 'node:events';
import http from 'node:http';
import { describe, expect, it } from 'vitest';
import { startFeed } from '../../support/change-feed.ts';
import { configuration } from '../../support/configuration.ts';
import { EventStreamClient } from '../../support/event-stream-client.ts';
import { event, json, openStream } from '../../support/fast-upstream.ts';
import { startTestGateway } from '../../support/gateway.ts';
import { modernBody, modernHeaders } from '../../support/modern-client.ts';

const ACKNOWLEDGED = 'notifications/subscriptions/acknowledged';
const UPDATED = 'notifications/resources/updated';
const TOOLS_CHANGED = 'notifications/tools/list_changed';

const listen = (url: string, notifications: object): Promise<EventStreamClient> => {
  const params = { notifications };
  return EventStreamClient.open(
    url,
    { method: 'POST', headers: modernHeaders('subscriptions/listen', params, {}) },
    modernBody('subscriptions/listen', params, { id: 'sub' }),
  );
};

// biome-ignore lint/suspicious/noExplicitAny: tests read whatever came
const isAcknowledgement = ({ method }: any): boolean => method === ACKNOWLEDGED;
// biome-ignore lint/suspicious/noExplicitAny: tests read whatever came
const isResult = ({ id, result }: any): boolean => id === 'sub' && result.resultType === 'complete';
// biome-ignore lint/suspicious/noExplicitAny: tests read whatever came
const isChange = ({ method }: any): boolean => method === TOOLS_CHANGED;

const updatesOf = (client: EventStreamClient): unknown[] =>
  client.messages.filter(({ method }) => method === UPDATED).map(({ params }) => params.uri);

describe('a subscription to resources', () => {
  it('is told of what was asked for and of parts of it, and of nothing else', async () => {
    await using feed = await startFeed();
    await using gateway = await startTestGateway(configuration({ feed: feed.url }));
    const client = await listen(gateway.url(), {
      toolsListChanged: true,
      resourceSubscriptions: ['file:///data'],
    });
    const { params } = await client.message(isAcknowledgement);
    expect(params.notifications).toEqual({
      toolsListChanged: true,
      resourceSubscriptions: ['file:///data'],
    });
    for (const uri of [
      'file:///data',
      'file:///data-secret',
      'file:///datastore/x',
      'secret://x',
      'file:///',
    ])
      feed.tell(UPDATED, { uri });
    for (const uri of ['file:///data/part', 'file:///data?page=2']) feed.tell(UPDATED, { uri });
    feed.tell(UPDATED, { uri: { toString: 1 } });
    feed.tell(UPDATED, {});
    feed.tell(TOOLS_CHANGED, {});
    await client.message(isChange);
    expect(updatesOf(client)).toEqual(['file:///data', 'file:///data/part', 'file:///data?page=2']);
    client.close();
  });

  it('is not told of a part that policies deny, nor of one that is not exposed', async () => {
    await using feed = await startFeed();
    await using gateway = await startTestGateway(
      configuration(
        { feed: feed.url },
        {
          expose: [{ upstream: 'feed', resources: { allow: ['file:///data', 'file:///data/open*'] } }],
          server: { policies: ['secrets'] },
          policies: { secrets: { type: 'cel', deny: "resource.uri.contains('secret')" } },
        },
      ),
    );
    const uris = ['file:///data', 'file:///data/open-secret', 'file:///other'];
    const client = await listen(gateway.url(), { toolsListChanged: true, resourceSubscriptions: uris });
    const { params } = await client.message(isAcknowledgement);
    expect(params.notifications.resourceSubscriptions).toEqual(['file:///data']);
    expect(feed.asked).toEqual([{ toolsListChanged: true, resourceSubscriptions: ['file:///data'] }]);
    for (const uri of ['file:///data/open-secret', 'file:///data/closed', 'file:///data/open'])
      feed.tell(UPDATED, { uri });
    feed.tell(TOOLS_CHANGED, {});
    await client.message(isChange);
    expect(updatesOf(client)).toEqual(['file:///data/open']);
    client.close();
  });

  it('decides updates by the media type that lists tell', async () => {
    await using feed = await startFeed();
    const listed = [
      { uri: 'file:///data', name: 'data', mimeType: 'text/plain' },
      { uri: 'file:///data/key', name: 'key', mimeType: 'application/secret' },
      { uri: 'file:///data/last', name: 'last', mimeType: 'text/plain' },
    ];
    for (const [method, member, items] of [
      ['resources/list', 'resources', listed],
      ['resources/templates/list', 'resourceTemplates', []],
    ] as const)
      feed.upstream.on(method, ({ message, response }) => {
        const result = { [member]: items, ttlMs: 0, cacheScope: 'private', resultType: 'complete' };
        json(response, { jsonrpc: '2.0', id: message.id, result });
      });
    await using gateway = await startTestGateway(
      configuration(
        { feed: feed.url },
        {
          server: { policies: ['secrets'] },
          policies: { secrets: { type: 'cel', deny: "resource.mimeType == 'application/secret'" } },
        },
      ),
    );
    const client = await listen(gateway.url(), { resourceSubscriptions: ['file:///data'] });
    await client.message(isAcknowledgement);
    feed.tell('notifications/resources/list_changed', {});
    feed.tell(UPDATED, { uri: 'file:///data/key' });
    feed.tell(UPDATED, { uri: 'file:///data/last' });
    await client.message(({ method }) => method === UPDATED);
    expect(updatesOf(client)).toEqual(['file:///data/last']);
    client.close();
  });

  it('passes on only changes that every reader takes alike', async () => {
    await using feed = await startFeed();
    await using gateway = await startTestGateway(configuration({ feed: feed.url }));
    const client = await listen(gateway.url(), { toolsListChanged: true, resourceSubscriptions: ['a://b'] });
    await client.message(isAcknowledgement);
    feed.tellText(`{"jsonrpc":"2.0","method":"${UPDATED}","params":{"uri":"secret://x","uri":"a://b"}}`);
    feed.tellText(`{"jsonrpc":"2.0","method":"${TOOLS_CHANGED}","params":{"_meta":null}}`);
    await client.message(isChange);
    expect(updatesOf(client)).toEqual([]);
    client.close();
  });

  it('is refused where it names no filter', async () => {
    await using feed = await startFeed();
    await using gateway = await startTestGateway(configuration({ feed: feed.url }));
    for (const filter of [{ resourceSubscriptions: 'a://b' }, { resourceSubscriptions: [7] }, []])
      await expect(listen(gateway.url(), filter)).rejects.toThrow('no stream: 400');
    expect(feed.asked).toEqual([]);
  });
});

describe('a subscription of two upstreams', () => {
  it('goes on when one of them ends its stream, and is told that it may have missed something', async () => {
    await using first = await startFeed();
    await using second = await startFeed();
    await using gateway = await startTestGateway(configuration({ first: first.url, second: second.url }));
    const client = await listen(gateway.url(), { toolsListChanged: true });
    await client.message(isAcknowledgement);
    first.endAll();
    await client.message(isChange);
    await expect.poll(() => first.open).toBe(1);
    first.tell(TOOLS_CHANGED, { marked: 1 });
    await client.message(({ params }) => params?.marked === 1);
    expect(client.messages.filter(isChange)).toHaveLength(2);
    client.close();
  });

  it('ends gracefully when one of them ends its stream and grants no other, and ends the other', async () => {
    await using first = await startFeed();
    await using second = await startFeed();
    await using gateway = await startTestGateway(configuration({ first: first.url, second: second.url }));
    const client = await listen(gateway.url(), { toolsListChanged: true });
    await client.message(isAcknowledgement);
    second.tell(TOOLS_CHANGED, {});
    await client.message(isChange);
    first.upstream.on('subscriptions/listen', ({ message, response }) =>
      json(response, { jsonrpc: '2.0', id: message.id, error: { code: -32601, message: 'no' } }, 404),
    );
    first.endAll();
    await client.message(isResult);
    expect(await client.over).toBe('ended');
    await expect.poll(() => second.open).toBe(0);
  });

  it('goes on with one when the other refuses from the start, and says what it honours', async () => {
    await using first = await startFeed();
    await using second = await startFeed();
    second.upstream.on('subscriptions/listen', ({ message, response }) =>
      json(response, { jsonrpc: '2.0', id: message.id, error: { code: -32601, message: 'no' } }, 404),
    );
    await using gateway = await startTestGateway(configuration({ first: first.url, second: second.url }));
    const client = await listen(gateway.url(), { toolsListChanged: true });
    const { params } = await client.message(isAcknowledgement);
    expect(params.notifications).toEqual({ toolsListChanged: true });
    first.tell(TOOLS_CHANGED, {});
    await client.message(isChange);
    client.close();
    await expect.poll(() => first.open).toBe(0);
  });

  it('does not honour what an upstream acknowledges beyond what it was asked', async () => {
    await using feed = await startFeed();
    feed.upstream.on('subscriptions/listen', ({ response }) => {
      openStream(response);
      const notifications = { toolsListChanged: true, resourceSubscriptions: ['secret://x', 'a://b'] };
      response.write(event({ jsonrpc: '2.0', method: ACKNOWLEDGED, params: { notifications } }));
    });
    await using gateway = await startTestGateway(configuration({ feed: feed.url }));
    const client = await listen(gateway.url(), { resourceSubscriptions: ['a://b'] });
    const { params } = await client.message(isAcknowledgement);
    expect(params.notifications).toEqual({ resourceSubscriptions: ['a://b'] });
    client.close();
  });
});

describe('a subscription whose client leaves while it is being opened', () => {
  it('leaves no stream open at an upstream', async () => {
    await using first = await startFeed();
    await using second = await startFeed();
    const held: (() => void)[] = [];
    for (const { upstream } of [first, second])
      for (const [method, member] of [
        ['resources/list', 'resources'],
        ['resources/templates/list', 'resourceTemplates'],
      ] as const)
        upstream.on(method, ({ message, response }) => {
          const result = { [member]: [], ttlMs: 0, cacheScope: 'private', resultType: 'complete' };
          held.push(() => json(response, { jsonrpc: '2.0', id: message.id, result }));
        });
    await using gateway = await startTestGateway(configuration({ first: first.url, second: second.url }), {
      tap: false,
    });
    const params = { notifications: { toolsListChanged: true, resourceSubscriptions: ['file:///x'] } };
    const leaving = new AbortController();
    const left = fetch(gateway.url(), {
      method: 'POST',
      signal: leaving.signal,
      headers: modernHeaders('subscriptions/listen', params, {}),
      body: modernBody('subscriptions/listen', params),
    });
    await expect.poll(() => held.length).toBe(4);
    leaving.abort();
    await expect(left).rejects.toThrow();
    await expect.poll(() => inFlight(gateway.opsUrl)).toBe(0);
    for (const release of held) release();
    const client = await listen(gateway.url(), { toolsListChanged: true });
    await client.message(isAcknowledgement);
    expect([first.asked, second.asked]).toEqual([[{ toolsListChanged: true }], [{ toolsListChanged: true }]]);
    client.close();
  });
});

describe('a subscription whose request takes longer to come than a reload', () => {
  it('ends gracefully without having told anything', async () => {
    await using feed = await startFeed();
    const denying = (expression: string): string =>
      configuration(
        { feed: feed.url },
        { server: { policies: ['p'] }, policies: { p: { type: 'cel', deny: expression } } },
      );
    await using gateway = await startTestGateway(denying('false'));
    const params = { notifications: { resourceSubscriptions: ['file:///data'] } };
    const body = modernBody('subscriptions/listen', params);
    const request = http.request(gateway.url(), {
      agent: false,
      method: 'POST',
      headers: { ...modernHeaders('subscriptions/listen', params, {}), 'content-length': body.length },
    });
    request.write(body.slice(0, 9));
    await expect.poll(() => inFlight(gateway.opsUrl)).toBe(1);
    expect((await gateway.load(denying("resource.uri.startsWith('file:')"))).result).toBe('applied');
    request.end(body.slice(9));
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    const said = (await response.setEncoding('utf8').toArray()).join('');
    expect(said.match(/^data: .*$/gm)!.map((line) => JSON.parse(line.slice(6)))).toMatchObject([
      { method: ACKNOWLEDGED, params: { notifications: {} } },
      { id: 1, result: { resultType: 'complete' } },
    ]);
    expect(feed.asked).toEqual([]);
  });
});

/** Requests of clients that are not over. */
const inFlight = async (opsUrl: string): Promise<number> => {
  const text = await (await fetch(new URL('/metrics', opsUrl))).text();
  return Number(/^gatewright_requests_in_flight\{listener="main"\} (\d+)$/m.exec(text)?.[1]);
};

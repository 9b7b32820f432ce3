import { describe, expect, it } from 'vitest';
import { makeApiKey } from '../../runtime/identity/api-key.ts';
import { startFeed } from '../support/change-feed.ts';
import { configuration } from '../support/configuration.ts';
import type { EventStreamClient } from '../support/event-stream-client.ts';
import { event, json, openStream } from '../support/fast-upstream.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { openListen } from '../support/listen-client.ts';
import { startToolUpstream } from '../support/tool-upstream.ts';

const UPDATED = 'notifications/resources/updated';
const TOOLS_CHANGED = 'notifications/tools/list_changed';
const LISTEN = 'subscriptions/listen';

const [alice, mallory] = [makeApiKey('alice'), makeApiKey('mallory')];

/** Each caller may read what is under its own name, and `shared:` is everybody's. */
const OWN = "resource.uri.startsWith(principal.id + '://') || resource.uri.startsWith('shared://')";

const startFor = (url: string): Promise<TestGateway> =>
  startTestGateway(
    configuration(
      { feed: url },
      {
        identity: { robots: { type: 'api-key', keysFile: './keys.yaml' } },
        server: { identity: ['robots'], policies: ['own'] },
        policies: { own: { type: 'cel', allow: OWN } },
      },
    ),
    {
      files: {
        'keys.yaml': JSON.stringify({
          keys: [
            { id: 'alice', hash: alice.hash, servers: ['main'] },
            { id: 'mallory', hash: mallory.hash, servers: ['main'] },
          ],
        }),
      },
    },
  );

const told = (client: EventStreamClient): unknown[] =>
  client.messages.slice(1).map(({ method, params }) => params.uri ?? method);

describe('a stream of an upstream that several callers share', () => {
  it('is one, tells each of what it asked for and may read, and keeps the id of each', async () => {
    await using feed = await startFeed();
    await using gateway = await startFor(feed.url);
    const all = ['alice://a', 'mallory://m', 'shared://s'];
    const one = await openListen(
      gateway.url(),
      { toolsListChanged: true, resourceSubscriptions: all },
      { token: alice.key, id: 7 },
    );
    const other = await openListen(
      gateway.url(),
      { resourceSubscriptions: all },
      { token: mallory.key, id: '7' },
    );
    expect([one.honoured, other.honoured]).toEqual([
      { toolsListChanged: true, resourceSubscriptions: ['alice://a', 'shared://s'] },
      { resourceSubscriptions: ['mallory://m', 'shared://s'] },
    ]);
    await expect.poll(() => feed.open, { timeout: 10_000 }).toBe(1);
    for (const uri of ['alice://a/deep', 'mallory://m/deep', 'shared://s']) feed.tell(UPDATED, { uri });
    feed.tell(TOOLS_CHANGED, {});
    await one.message(({ method }) => method === TOOLS_CHANGED);
    await other.message(({ params }) => params?.uri === 'shared://s');
    expect(told(one)).toEqual(['alice://a/deep', 'shared://s', TOOLS_CHANGED]);
    expect(told(other)).toEqual(['mallory://m/deep', 'shared://s']);
    const ids = [one, other].map(({ messages }) =>
      messages.map(({ params }) => params._meta['io.modelcontextprotocol/subscriptionId']),
    );
    expect(ids).toEqual([
      [7, 7, 7, 7],
      ['7', '7', '7'],
    ]);
    one.close();
    other.close();
    await expect.poll(() => feed.open).toBe(0);
  });

  it('is not spoilt for one caller by what the upstream refuses another', async () => {
    await using feed = await startFeed();
    const accept = (response: Parameters<typeof openStream>[0], notifications: unknown): void => {
      openStream(response);
      const method = 'notifications/subscriptions/acknowledged';
      response.write(event({ jsonrpc: '2.0', method, params: { notifications } }));
    };
    let held: (() => void)[] | undefined = [];
    feed.upstream.on(LISTEN, ({ message, response }) => {
      const { notifications } = message.params!;
      const answer = (): void => {
        if (JSON.stringify(notifications).includes('bad'))
          json(response, { jsonrpc: '2.0', id: message.id, error: { code: -32602, message: 'no' } });
        else accept(response, notifications);
      };
      if (held === undefined) answer();
      else held.push(answer);
    });
    await using gateway = await startFor(feed.url);
    const opening = [
      openListen(gateway.url(), { resourceSubscriptions: ['alice://first'] }, { token: alice.key }),
      openListen(gateway.url(), { resourceSubscriptions: ['mallory://bad'] }, { token: mallory.key }),
      openListen(gateway.url(), { resourceSubscriptions: ['alice://good'] }, { token: alice.key }),
    ];
    await feed.upstream.until(() => held!.length > 0);
    const waiting = held;
    held = undefined;
    for (const answer of waiting!) answer();
    const [first, bad, good] = await Promise.all(opening);
    expect([first!.honoured, bad!.honoured, good!.honoured]).toEqual([
      { resourceSubscriptions: ['alice://first'] },
      {},
      { resourceSubscriptions: ['alice://good'] },
    ]);
    for (const client of [first, bad, good]) client!.close();
  });
});

describe('subscriptions to a resource of an older upstream', () => {
  it('are made once, and given back when the last caller wants it no more', async () => {
    const upstream = await startToolUpstream('one', [], { eras: ['legacy'] });
    upstream.onGet((_request, response) => openStream(response));
    for (const method of ['resources/subscribe', 'resources/unsubscribe'])
      upstream.on(method, ({ message, response }) =>
        json(response, { jsonrpc: '2.0', id: message.id, result: {} }),
      );
    const count = (method: string): number =>
      upstream.log.filter(({ message }) => message.method === method).length;
    await using gateway = await startTestGateway(configuration({ one: upstream.url }));
    const filter = { resourceSubscriptions: ['a://b'] };
    const clients = await Promise.all([1, 2, 3].map(() => openListen(gateway.url(), filter)));
    for (const client of clients) expect(client.honoured).toEqual(filter);
    expect(count('resources/subscribe')).toBe(1);
    clients.pop()!.close();
    clients.pop()!.close();
    await openListen(gateway.url(), {}).then((client) => client.close());
    expect(count('resources/unsubscribe')).toBe(0);
    clients.pop()!.close();
    await upstream.until(() => count('resources/unsubscribe') === 1);
    await upstream.close();
  });
});

import type { RequestOptions } from 'node:http';
import { describe, expect, it, vi } from 'vitest';
import { makeApiKey } from '../../runtime/identity/api-key.ts';
import { closeAll, expectEnded, type Open, openAll } from '../support/all-open.ts';
import { type ChangeFeed, startFeed } from '../support/change-feed.ts';
import { configuration } from '../support/configuration.ts';
import { EventStreamClient } from '../support/event-stream-client.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { legacyRequest, openSession, type SessionHeaders } from '../support/legacy-client.ts';
import { openListen } from '../support/listen-client.ts';
import { modernBody, modernHeaders } from '../support/modern-client.ts';

// Threads load the program anew.
vi.setConfig({ testTimeout: 60_000 });

const UPDATED = 'notifications/resources/updated';
const TOOLS_CHANGED = 'notifications/tools/list_changed';

const [alice, bob] = [makeApiKey('alice'), makeApiKey('bob')];
const keysFile = (...ids: ('alice' | 'bob')[]): string =>
  JSON.stringify({
    keys: ids.map((id) => ({ id, hash: { alice, bob }[id].hash, servers: ['main'] })),
  });
const as = ({ key }: { readonly key: string }) => ({ authorization: `Bearer ${key}` });

/** A window and a deadline that no test lives to see the end of, unless it wants to. */
const NEVER = { drain: { window: '500h', deadline: '501h' } };

interface Rules {
  readonly allow?: string;
  readonly [section: string]: unknown;
}

const yamlOf = (feed: ChangeFeed, { allow = 'true', server = {}, ...over }: Rules = {}): string =>
  configuration(
    { feed: feed.url },
    {
      reload: NEVER,
      identity: { robots: { type: 'api-key', keysFile: './keys.yaml' } },
      server: {
        identity: ['robots'],
        policies: ['rule'],
        protocol: { legacySse: true, websocket: true },
        ...(server as object),
      },
      policies: { rule: { type: 'cel', allow } },
      ...over,
    },
  );

const start = (feed: ChangeFeed, rules: Rules = {}): Promise<TestGateway> =>
  startTestGateway(yamlOf(feed, rules), { tap: false, files: { 'keys.yaml': keysFile('alice', 'bob') } });

const apply = async (gateway: TestGateway, yaml: string): Promise<void> => {
  const { result, unresolved, diagnostics, error } = await gateway.load(yaml);
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  expect([unresolved, errors, error]).toEqual([[], [], undefined]);
  expect(['applied', 'unchanged']).toContain(result);
};

/** Loads the files as they are now, if the watcher has not done so already. */
const load = async (gateway: TestGateway): Promise<void> => {
  expect(['applied', 'unchanged']).toContain((await gateway.gateway.reload()).result);
};

/** Each stream follows the upstream in its own time: resolves when all do, and nothing is on its way to any. */
const untilAllFollow = async (feed: ChangeFeed, all: readonly Open[]): Promise<void> => {
  const counts = () => all.flatMap(heard);
  const tellAndCount = () => {
    feed.tell(TOOLS_CHANGED, {});
    return Math.min(...counts());
  };
  await expect.poll(tellAndCount, { timeout: 20_000, interval: 100 }).toBeGreaterThan(0);
  let before = '';
  const isQuiet = () => {
    const last = before;
    before = JSON.stringify(counts());
    return last === before;
  };
  await expect.poll(isQuiet, { timeout: 20_000, interval: 300 }).toBe(true);
};

const heard = ({ listen, get, socket }: Open): number[] =>
  [listen, get, socket].map(
    ({ messages }) => messages.filter(({ method }) => method !== undefined && method !== ACKNOWLEDGED).length,
  );
const ACKNOWLEDGED = 'notifications/subscriptions/acknowledged';

const status = async (gateway: TestGateway, session: SessionHeaders): Promise<number> =>
  (await legacyRequest(gateway.url(), 'tools/list', {}, session)).status;

describe.each([1, 2])('where rules change under open streams, with %i thread(s)', (workers) => {
  it('a caller whose key is gone from the keys file loses all that it has open, and nobody else does', async () => {
    await using feed = await startFeed();
    await using gateway = await start(feed, { workers });
    const [hers, his] = [await openAll(gateway.url(), alice.key), await openAll(gateway.url(), bob.key)];
    await untilAllFollow(feed, [hers, his]);
    const hersBefore = heard(hers)[0]!;

    await gateway.writeBeside('keys.yaml', keysFile('alice'));
    await load(gateway);
    const before = heard(his);
    feed.tell(TOOLS_CHANGED, {});
    await expectEnded(his);
    expect(heard(his)).toEqual(before);
    expect(await status(gateway, his.session)).toBe(401);
    expect(await status(gateway, hers.session)).toBe(200);

    await expect.poll(() => heard(hers)[0]).toBe(hersBefore + 1);
    closeAll(hers);
  });

  it('a key with another secret is another key', async () => {
    await using feed = await startFeed();
    await using gateway = await start(feed, { workers });
    const his = await openAll(gateway.url(), bob.key);
    const renewed = makeApiKey('bob');
    const entry = (id: string, hash: string) => ({ id, hash, servers: ['main'] });
    const keys = [entry('alice', alice.hash), entry('bob', renewed.hash)];
    await gateway.writeBeside('keys.yaml', JSON.stringify({ keys }));
    await load(gateway);
    await expectEnded(his);
    expect(await status(gateway, his.session)).toBe(401);
    expect(await status(gateway, { ...his.session, ...as(renewed) })).toBe(404);
  });

  it('a caller whose identity is listed no more loses all, though another one has the same key', async () => {
    await using feed = await startFeed();
    await using gateway = await start(feed, { workers });
    const his = await openAll(gateway.url(), bob.key);
    const identity = { machines: { type: 'api-key', keysFile: './keys.yaml' } };
    const server = { identity: ['machines'] };
    await apply(gateway, yamlOf(feed, { workers, identity, server }));
    feed.tell(TOOLS_CHANGED, {});
    await expectEnded(his);
    // The server changed too: a session that may go on is told so, one that ended is not.
    expect(heard(his)).toEqual([0, 0, 0]);
    expect(await status(gateway, his.session)).toBe(404);
  });

  const OTHER_ADDRESS = { localAddress: '127.0.0.2' } satisfies RequestOptions;

  it('an address that is admitted no more loses what it has open, and the same caller elsewhere does not', async () => {
    await using feed = await startFeed();
    await using gateway = await start(feed, { workers });
    const url = gateway.url();
    const params = { notifications: { toolsListChanged: true } };
    const listen = (options: RequestOptions) =>
      EventStreamClient.open(
        url,
        {
          method: 'POST',
          headers: modernHeaders('subscriptions/listen', params, { token: bob.key }),
          ...options,
        },
        modernBody('subscriptions/listen', params, { id: 'sub' }),
      );
    const session = await openSession(url, as(bob));
    const headers = { ...session, accept: 'text/event-stream' };
    const streams = [await listen(OTHER_ADDRESS), await listen({})] as const;
    const get = await EventStreamClient.open(url, { headers, ...OTHER_ADDRESS });
    for (const stream of streams) await stream.message(({ method }) => method === ACKNOWLEDGED);

    await apply(gateway, yamlOf(feed, { workers, listener: { ip: { deny: ['127.0.0.2/32'] } } }));
    feed.tell(TOOLS_CHANGED, {});
    expect(await streams[0].over).toBe('ended');
    expect(await get.over).toBe('ended');
    expect(streams[0].messages.map(({ method }) => method)).toEqual([ACKNOWLEDGED, undefined]);
    expect(get.messages).toEqual([]);
    await streams[1].message(({ method }) => method === TOOLS_CHANGED);
    expect(await status(gateway, session)).toBe(200);
    streams[1].close();
  });

  it('a stream with a resource that may be read no more ends; one that may be read goes on, and is told only what the new rules let through', async () => {
    await using feed = await startFeed();
    await using gateway = await start(feed, { workers });
    const listen = (uri: string) =>
      openListen(gateway.url(), { resourceSubscriptions: [uri] }, { token: bob.key });
    const [secret, tree] = [await listen('docs://secret'), await listen('docs://tree')];
    const allow = "resource.uri != 'docs://secret' && !resource.uri.startsWith('docs://tree/private')";
    await apply(gateway, yamlOf(feed, { workers, allow }));
    for (const uri of ['docs://secret', 'docs://tree/private/a', 'docs://tree/public'])
      feed.tell(UPDATED, { uri });
    expect(await secret.over).toBe('ended');
    expect(secret.messages.map(({ method }) => method)).toEqual([ACKNOWLEDGED, undefined]);
    await tree.message(({ params }) => params?.uri === 'docs://tree/public');
    expect(tree.messages.slice(1).map(({ params }) => params.uri)).toEqual(['docs://tree/public']);
    tree.close();
  });
});

describe('what was promised and is granted no more', () => {
  it.each([
    ['a feature', { features: { tools: false } }],
    ['the upstream', { expose: [{ upstream: 'feed', tools: false, resources: false, prompts: false }] }],
  ])('ends a stream at once: %s', async (what, server) => {
    await using feed = await startFeed();
    await using gateway = await start(feed);
    const stream = await openListen(
      gateway.url(),
      { toolsListChanged: true, resourceSubscriptions: ['docs://a'] },
      { token: bob.key },
    );
    await apply(gateway, yamlOf(feed, { server }));
    feed.tell(UPDATED, { uri: 'docs://a' });
    feed.tell(TOOLS_CHANGED, {});
    expect([what, await stream.over]).toEqual([what, 'ended']);
    expect(stream.messages.map(({ method }) => method)).toEqual([ACKNOWLEDGED, undefined]);
  });

  it('ends streams with the place that they were opened at; a session goes on where its server is', async () => {
    await using feed = await startFeed();
    await using gateway = await start(feed);
    const his = await openAll(gateway.url(), bob.key);
    await apply(gateway, yamlOf(feed, { server: { at: [{ listener: 'main', path: '/moved' }] } }));
    feed.tell(TOOLS_CHANGED, {});
    await expectEnded(his, 1001);
    expect(heard(his)).toEqual([0, 0, 0]);
    expect(await status(gateway, his.session)).toBe(200);
  });
});

describe('reload.onPolicyChange', () => {
  const withoutBob = async (gateway: TestGateway): Promise<void> => {
    await gateway.writeBeside('keys.yaml', keysFile('alice'));
    await load(gateway);
  };

  it('`drain` ends streams within the window, told nothing by then that the new rules deny', async () => {
    await using feed = await startFeed();
    const reload = { onPolicyChange: 'drain', drain: { window: '1s' } };
    await using gateway = await start(feed, { reload });
    const stream = await openListen(
      gateway.url(),
      { resourceSubscriptions: ['docs://a'] },
      { token: bob.key },
    );
    const his = await openAll(gateway.url(), bob.key);
    await apply(gateway, yamlOf(feed, { reload, allow: 'false' }));
    feed.tell(UPDATED, { uri: 'docs://a' });
    await withoutBob(gateway);
    await expectEnded(his);
    expect(await stream.over).toBe('ended');
    expect(stream.messages.map(({ method }) => method)).toEqual([ACKNOWLEDGED, undefined]);
    expect(await status(gateway, his.session)).toBe(401);
  });

  it('`keep` lets streams go on under the rules that they were opened by, until the deadline', async () => {
    await using feed = await startFeed();
    const reload = { onPolicyChange: 'keep', drain: { window: '1ms', deadline: '5s' } };
    await using gateway = await start(feed, { reload });
    const stream = await openListen(
      gateway.url(),
      { resourceSubscriptions: ['docs://a'] },
      { token: bob.key },
    );
    await withoutBob(gateway);
    await apply(gateway, yamlOf(feed, { reload, allow: 'false' }));
    feed.tell(UPDATED, { uri: 'docs://a' });
    await stream.message(({ method }) => method === UPDATED);
    expect(await stream.over).toBe('ended');
    expect(stream.messages.at(-1)).toMatchObject({ result: { resultType: 'complete' } });
  });
});

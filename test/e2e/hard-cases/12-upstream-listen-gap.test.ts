import { describe, expect, it } from 'vitest';
import { startFeed } from '../../support/change-feed.ts';
import { configuration } from '../../support/configuration.ts';
import { EventStreamClient } from '../../support/event-stream-client.ts';
import { openStream } from '../../support/fast-upstream.ts';
import { startTestGateway } from '../../support/gateway.ts';
import { openSession } from '../../support/legacy-client.ts';
import { openListen } from '../../support/listen-client.ts';
import { startToolUpstream } from '../../support/tool-upstream.ts';

const UPDATED = 'notifications/resources/updated';
const TOOLS_CHANGED = 'notifications/tools/list_changed';

// biome-ignore lint/suspicious/noExplicitAny: tests read whatever came
const changesOf = (client: { messages: any[] }): unknown[] =>
  client.messages
    .filter(({ method }) => method === UPDATED || method === TOOLS_CHANGED)
    .map(({ method, params }) => params?.uri ?? method);

describe('a stream of changes that an upstream breaks', () => {
  it('hard case 12: is opened again, and clients are told that what they asked for may have changed', async () => {
    await using feed = await startFeed();
    await using gateway = await startTestGateway(configuration({ feed: feed.url }));
    const one = await openListen(gateway.url(), { toolsListChanged: true, resourceSubscriptions: ['a://b'] });
    const other = await openListen(gateway.url(), { resourceSubscriptions: ['a://c'] });
    const session = await openSession(gateway.url());
    const sessionStream = await EventStreamClient.open(gateway.url(), {
      headers: { accept: 'text/event-stream', ...session },
    });
    expect(feed.asked.at(-1)).toEqual({ toolsListChanged: true, resourceSubscriptions: ['a://b', 'a://c'] });
    await expect.poll(() => feed.open, { timeout: 10_000 }).toBe(1);
    feed.cutAll();
    await one.message(({ method }) => method === UPDATED);
    await other.message(({ method }) => method === UPDATED);
    await sessionStream.message(({ method }) => method === TOOLS_CHANGED);
    await expect.poll(() => changesOf(one)).toEqual([TOOLS_CHANGED, 'a://b']);
    expect(changesOf(other)).toEqual(['a://c']);
    expect(changesOf(sessionStream)).toEqual([TOOLS_CHANGED]);
    feed.tell(UPDATED, { uri: 'a://c' });
    await expect.poll(() => changesOf(other)).toEqual(['a://c', 'a://c']);
    for (const client of [one, other, sessionStream]) client.close();
  });

  it('hard case 12: the same where the upstream is of an older era and its GET stream breaks', async () => {
    const upstream = await startToolUpstream('one', ['add'], { eras: ['legacy'] });
    let streams = 0;
    let cut = (): void => undefined;
    upstream.onGet((_request, response) => {
      streams += 1;
      openStream(response);
      cut = () => void response.destroy();
    });
    await using gateway = await startTestGateway(configuration({ one: upstream.url }));
    const client = await openListen(gateway.url(), { toolsListChanged: true });
    cut();
    await client.message(({ method }) => method === TOOLS_CHANGED);
    expect(streams).toBe(2);
    client.close();
    await upstream.close();
  });

  it('hard case 12: a client is told nothing of a resource that it may not read, after a gap neither', async () => {
    await using feed = await startFeed();
    const allow = "!(resource.uri.startsWith('secret:') && principal.kind == 'anonymous')";
    await using gateway = await startTestGateway(
      configuration(
        { feed: feed.url },
        { server: { policies: ['open'] }, policies: { open: { type: 'cel', allow } } },
      ),
    );
    const client = await openListen(gateway.url(), { resourceSubscriptions: ['secret://x', 'a://b'] });
    feed.cutAll();
    await client.message(({ method }) => method === UPDATED);
    feed.tell(UPDATED, { uri: 'secret://x' });
    feed.tell(UPDATED, { uri: 'a://b' });
    await expect.poll(() => changesOf(client)).toEqual(['a://b', 'a://b']);
    client.close();
  });
});

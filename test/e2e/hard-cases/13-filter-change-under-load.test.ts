import { describe, expect, it } from 'vitest';
import { startFeed } from '../../support/change-feed.ts';
import { configuration } from '../../support/configuration.ts';
import { EventStreamClient } from '../../support/event-stream-client.ts';
import { startTestGateway } from '../../support/gateway.ts';
import { legacyRequest, openSession } from '../../support/legacy-client.ts';
import { openListen } from '../../support/listen-client.ts';

const UPDATED = 'notifications/resources/updated';
const CHANGES_OF_THE_FILTER = 40;

const numbersOf = (client: EventStreamClient): number[] =>
  client.messages
    .filter(({ method }) => method === UPDATED)
    .map(({ params }) => Number(/^log:\/\/all\/(\d+)$/.exec(params.uri)![1]));

describe('a session that changes what it subscribes to', () => {
  it('hard case 13: misses nothing of the rest and hears nothing twice, and others neither', async () => {
    await using feed = await startFeed();
    await using gateway = await startTestGateway(configuration({ feed: feed.url }));
    const url = gateway.url();
    const session = await openSession(url);
    const heard = await EventStreamClient.open(url, { headers: { accept: 'text/event-stream', ...session } });
    const subscribe = (uri: string) => legacyRequest(url, 'resources/subscribe', { uri }, session);
    expect((await subscribe('log://all')).status).toBe(200);
    const other = await openListen(url, { resourceSubscriptions: ['log://all'] });
    let told = 0;
    const load = setInterval(() => {
      feed.tell(UPDATED, { uri: `log://all/${told}` });
      told += 1;
    }, 3);
    let most = 0;
    for (let at = 0; at < CHANGES_OF_THE_FILTER; at += 1) {
      await subscribe(`log://more/${at}`);
      if (at % 3 === 0)
        await legacyRequest(url, 'resources/unsubscribe', { uri: `log://more/${at}` }, session);
      most = Math.max(most, feed.open);
    }
    clearInterval(load);
    for (const client of [heard, other]) {
      await client.message(({ params }) => params?.uri === `log://all/${told - 1}`);
      expect(numbersOf(client)).toEqual(Array.from({ length: told }, (_, at) => at));
      client.close();
    }
    // A stream took the place of another while that was open, and those that are over were closed.
    expect(feed.asked.length).toBeGreaterThan(CHANGES_OF_THE_FILTER / 2);
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThan(8);
  });
});

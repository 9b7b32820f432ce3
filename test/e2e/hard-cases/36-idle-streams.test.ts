import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { startFeed } from '../../support/change-feed.ts';
import { configuration } from '../../support/configuration.ts';
import type { ServerEvent } from '../../support/event-reader.ts';
import { EventStreamClient } from '../../support/event-stream-client.ts';
import { startTestGateway } from '../../support/gateway.ts';
import { openSession } from '../../support/legacy-client.ts';
import { openListen } from '../../support/listen-client.ts';

const TOOLS_CHANGED = 'notifications/tools/list_changed';
/** Longer than every bound of the configuration below, and than the gateway keeps silent. */
const IDLE_MS = 22_000;

const isComment = ({ id, data }: ServerEvent): boolean => id === undefined && data === undefined;

describe('streams on which nothing happens', () => {
  it('hard case 36: outlive every idle bound, by comments that keep them alive, and still tell of a change', {
    timeout: 90_000,
  }, async () => {
    await using feed = await startFeed();
    await using gateway = await startTestGateway(
      configuration(
        { feed: feed.url },
        {
          listener: { connections: { idleTimeout: '1s' } },
          upstream: { timeouts: { call: '2s', callMax: '2s', firstByte: '2s', idle: '1s' } },
        },
      ),
    );
    const listening = await openListen(gateway.url(), { toolsListChanged: true });
    const session = await openSession(gateway.url());
    const standalone = await EventStreamClient.open(gateway.url(), {
      headers: { accept: 'text/event-stream', ...session },
    });
    await delay(IDLE_MS);
    for (const stream of [listening, standalone])
      await expect.poll(() => stream.events.filter(isComment).length).toBeGreaterThan(0);
    expect(feed.asked).toHaveLength(1);
    feed.tell(TOOLS_CHANGED, {});
    for (const stream of [listening, standalone]) {
      await stream.message(({ method }) => method === TOOLS_CHANGED);
      stream.close();
    }
  });
});

import { expect, it } from 'vitest';
import { startFeed } from '../support/change-feed.ts';
import { configuration } from '../support/configuration.ts';
import { INSPECTED, Inspector } from '../support/inspector.ts';
import { openListen } from '../support/listen-client.ts';
import { StartedGateway } from '../support/started-gateway.ts';
import { startToolUpstream } from '../support/tool-upstream.ts';

const STREAMS = 100;
const RELOADS = 1000;
const MAX_GROWTH_BYTES = 10 * 1024 * 1024;
const TOOLS_CHANGED = 'notifications/tools/list_changed';

it(`${STREAMS} open streams last through ${RELOADS} reloads of another server, and the heap does not grow by them`, async () => {
  await using feed = await startFeed();
  const other = await startToolUpstream('other', ['two']);
  const graph = (count: number): string => {
    const yaml = JSON.parse(configuration({ feed: feed.url, other: other.url }));
    yaml.telemetry = { log: { level: 'error' } };
    yaml.servers.main.expose = [{ upstream: 'feed' }];
    yaml.servers.busy = {
      at: [{ listener: 'main', path: '/busy' }],
      anonymous: true,
      expose: [{ upstream: 'other', prefix: `p${count}_` }],
    };
    return JSON.stringify(yaml);
  };
  await using gateway = await StartedGateway.start(graph(0), { nodeOptions: INSPECTED });
  using inspector = await Inspector.of(gateway.cli);
  const streams = await Promise.all(
    Array.from({ length: STREAMS }, (_, id) => openListen(gateway.url, { toolsListChanged: true }, { id })),
  );
  const reload = async (from: number, to: number): Promise<void> => {
    for (let count = from; count < to; count += 1) {
      expect(['applied', 'unchanged']).toContain((await gateway.load(graph(count))).result);
    }
  };
  await reload(1, 20);
  const before = await inspector.heapBytes();
  await reload(20, 20 + RELOADS);
  const grownBytes = (await inspector.heapBytes()) - before;
  // Each reload was one, whoever noticed the change.
  expect((await gateway.status()).generation).toBe(20 + RELOADS);

  feed.tell(TOOLS_CHANGED, {});
  await Promise.all(streams.map((stream) => stream.message(({ method }) => method === TOOLS_CHANGED)));
  expect(streams.flatMap(({ messages }) => messages).some(({ result }) => result !== undefined)).toBe(false);
  expect(grownBytes).toBeLessThan(MAX_GROWTH_BYTES);
  for (const stream of streams) stream.close();
  await other.close();
}, 180_000);

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configuration } from '../../support/configuration.ts';
import { type Everything, startEverything } from '../../support/everything/server.ts';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { tapUpstream, type UpstreamTap } from '../../support/wire-tap.ts';
import { PEERS } from './peers.ts';
import { TOOLS_CHANGED, toldUpdates, UPDATED, updatesWhileSubscribed, WATCHED } from './told-updates.ts';

let everything: Everything;
let tap: UpstreamTap;
let gateway: TestGateway;

beforeAll(async () => {
  everything = await startEverything();
  tap = await tapUpstream(everything.url);
  const server = (upstream: string) => ({
    at: [{ listener: 'main', path: `/${upstream}` }],
    anonymous: true,
    expose: [{ upstream }],
  });
  const http = (era: string) => ({ type: 'http', endpoints: [tap.url], protocol: { era } });
  gateway = await startTestGateway(
    configuration(
      {},
      {
        servers: { modern: server('modern'), legacy: server('legacy') },
        upstreams: { modern: http('modern'), legacy: http('legacy') },
      },
    ),
  );
});
afterAll(async () => {
  await gateway.close();
  await tap.close();
  await everything.close();
});

const PAIRINGS = PEERS.flatMap((peer) => ['modern', 'legacy'].map((upstream) => ({ ...peer, upstream })));

describe.each(PAIRINGS)('$name before a $upstream upstream', ({ open, upstream }) => {
  it('learns that it can subscribe and is told of changed lists', async () => {
    await using peer = await open(gateway.url(upstream));
    expect(peer.capabilities).toMatchObject({
      tools: { listChanged: true },
      prompts: { listChanged: true },
      resources: { listChanged: true, subscribe: true },
    });
  });

  it('is told of changed lists, and the lists are the new ones', async () => {
    await using peer = await open(gateway.url(upstream));
    await using other = await open(gateway.url(upstream));
    const before = (await peer.tools()).includes('test_dynamic_tool');
    await peer.watchLists();
    await other.call('test_trigger_tool_change');
    await peer.hears(TOOLS_CHANGED);
    expect((await peer.tools()).includes('test_dynamic_tool')).toBe(!before);
    await other.call('test_trigger_prompt_change');
    await peer.hears('notifications/prompts/list_changed');
  });

  it('is told of updates of what it subscribed to, from its answer on and until it does no more', async () => {
    await using peer = await open(gateway.url(upstream));
    await using other = await open(gateway.url(upstream));
    expect(await updatesWhileSubscribed(peer, other)).toEqual([WATCHED]);
  });

  it('goes on being told when another who wants the same does no more', async () => {
    await using peer = await open(gateway.url(upstream));
    await using other = await open(gateway.url(upstream));
    await peer.subscribe(WATCHED);
    await other.subscribe(WATCHED);
    await other.unsubscribe(WATCHED);
    await other.call('test_trigger_resource_update', { uri: WATCHED });
    await peer.hears(UPDATED);
    expect(toldUpdates(other)).toEqual([]);
  });
});

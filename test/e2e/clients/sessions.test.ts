import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configuration } from '../../support/configuration.ts';
import { type Everything, startEverything } from '../../support/everything/server.ts';
import { freePort } from '../../support/free-port.ts';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { type BesideEverything, startBesideEverything } from './beside-everything.ts';
import { PEERS } from './peers.ts';
import { TOOLS_CHANGED, toldUpdates, UPDATED, updatesWhileSubscribed, WATCHED } from './told-updates.ts';
import { type LegacyUpstream, startLegacyUpstream } from './upstreams/legacy-http.ts';

const LEGACY = PEERS.filter(({ era }) => era === 'legacy');

let started: BesideEverything<LegacyUpstream>;
let everything: Everything;
let waiting: LegacyUpstream;
let gateway: TestGateway;

beforeAll(async () => {
  started = await startBesideEverything(startLegacyUpstream, 'w_');
  ({ everything, other: waiting, gateway } = started);
});
afterAll(() => started[Symbol.asyncDispose]());

describe.each(LEGACY)('$name in a session', ({ open }) => {
  it('is asked by the upstream during a call, and its answer arrives', async () => {
    const questions: string[] = [];
    await using peer = await open(gateway.url(), {
      elicit: (message) => {
        questions.push(message);
        return { username: 'ada', email: 'ada@example.com' };
      },
      sample: (text) => `You said: ${text}`,
      roots: ['file:///projects'],
    });
    const elicited = await peer.call('test_elicitation', { message: 'Who are you?' });
    expect(elicited.text).toContain('action=accept');
    expect(elicited.text).toContain('ada@example.com');
    expect(questions).toEqual(['[everything] Who are you?']);
    const sampled = await peer.call('test_sampling', { prompt: 'Hello' });
    expect(sampled.text).toContain('You said: Hello');
    const roots = await peer.call('w_ask', { method: 'roots/list' });
    expect(JSON.parse(roots.text)).toEqual({ roots: [{ uri: 'file:///projects' }] });
  });

  it('is not asked for what it did not declare', async () => {
    await using peer = await open(gateway.url());
    for (const method of ['sampling/createMessage', 'elicitation/create', 'roots/list']) {
      const answer = await peer.call('w_ask', { method });
      expect(JSON.parse(answer.text)).toEqual({ refused: -32601 });
    }
  });

  it('is told of updates of what it subscribed to, until it does no more', async () => {
    await using peer = await open(gateway.url());
    await using other = await open(gateway.url());
    expect(await updatesWhileSubscribed(peer, other)).toEqual([WATCHED]);
    expect(toldUpdates(other)).toEqual([]);
  });

  it('is told of a changed list, and the list is the new one', async () => {
    await using peer = await open(gateway.url());
    const before = (await peer.tools()).includes('test_dynamic_tool');
    await peer.call('test_trigger_tool_change');
    await peer.hears(TOOLS_CHANGED);
    expect((await peer.tools()).includes('test_dynamic_tool')).toBe(!before);
    await peer.call('test_trigger_prompt_change');
    await peer.hears('notifications/prompts/list_changed');
    expect(await peer.prompts()).toContain('test_simple_prompt');
  });

  it('misses nothing when its stream drops and it comes back', async () => {
    await using peer = await open(gateway.url());
    await using other = await open(gateway.url());
    await peer.subscribe(WATCHED);
    await other.call('test_trigger_resource_update', { uri: WATCHED });
    await peer.hears(UPDATED);
    gateway.dropStreams();
    await other.call('test_trigger_resource_update', { uri: WATCHED });
    await peer.hears(UPDATED, 2);
    await other.call('test_trigger_resource_update', { uri: WATCHED });
    await peer.hears(UPDATED, 3);
    expect(toldUpdates(peer)).toHaveLength(3);
  });

  it('misses nothing when the stream between gateway and upstream drops', async () => {
    await using peer = await open(gateway.url());
    await using other = await open(gateway.url());
    await peer.subscribe(WATCHED);
    await other.call('test_trigger_resource_update', { uri: WATCHED });
    await peer.hears(UPDATED);
    started.tap.dropStreams();
    await other.call('test_trigger_resource_update', { uri: WATCHED });
    await peer.hears(UPDATED, 2);
    expect(toldUpdates(peer)).toHaveLength(2);
  });

  it('gets the answer of a call whose stream between gateway and upstream dropped', async () => {
    await using peer = await open(gateway.url());
    const steps: number[] = [];
    const answered = peer.call(
      'test_tool_with_progress',
      {},
      {
        onProgress: (progress) => {
          steps.push(progress);
          if (progress === 0) started.tap.dropStreams();
        },
      },
    );
    expect((await answered).isError).toBe(false);
    expect(steps).toEqual([0, 50, 100]);
  });

  it('gets the answer of a call whose stream dropped', async () => {
    await using peer = await open(gateway.url());
    const { promise: begun, resolve: begins } = Promise.withResolvers<number>();
    const answered = peer.call('w_wait', {}, { onProgress: begins });
    await begun;
    gateway.dropStreams();
    waiting.events.emit('released');
    expect((await answered).text).toBe('released');
  });

  it('polls for the answer where the upstream lets the stream go', async () => {
    await using peer = await open(gateway.url());
    expect((await peer.call('test_reconnection')).text).toBe('Answered after the stream was closed.');
  });

  it('takes a call back, and the upstream learns of it', async () => {
    await using peer = await open(gateway.url());
    const begun = once(waiting.events, 'waiting');
    const cancelled = once(waiting.events, 'cancelled');
    const aborting = new AbortController();
    const answered = peer.call('w_wait', {}, { signal: aborting.signal });
    await begun;
    aborting.abort('no longer needed');
    await expect(answered).rejects.toThrow();
    await cancelled;
    waiting.events.emit('released');
    expect((await peer.call('w_echo', { text: 'still here' })).text).toBe('still here');
  });

  it('ends its session, and the upstream session with it', async () => {
    const closedBefore = everything.stats.sessionsClosed;
    const peer = await open(gateway.url());
    await peer.ping();
    const openBefore = everything.stats.sessionsOpened - closedBefore;
    await peer.close();
    await expect
      .poll(() => everything.stats.sessionsOpened - everything.stats.sessionsClosed)
      .toBeLessThan(openBefore);
  });
});

describe.each(LEGACY)('$name and an upstream that starts anew', ({ open }) => {
  it('is told again of updates of what it had subscribed to', async () => {
    const port = await freePort();
    const first = await startEverything({ port });
    await using before = await startTestGateway(configuration({ restarted: first.url }));
    await using peer = await open(before.url());
    await peer.subscribe(WATCHED);
    await first.close();
    const { promise: isHeard, resolve } = Promise.withResolvers<void>();
    await using second = await startEverything({
      port,
      onRequest: ({ method }) => method === 'GET' && resolve(),
    });
    await expect.poll(() => peer.tools().catch(() => [])).toContain('test_simple_text');
    await expect.poll(() => second.stats.messages['resources/subscribe']).toBe(1);
    await isHeard;
    await peer.call('test_trigger_resource_update', { uri: WATCHED });
    await peer.hears(UPDATED);
  });
});

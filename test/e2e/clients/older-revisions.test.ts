import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configuration } from '../../support/configuration.ts';
import { type Everything, startEverything } from '../../support/everything/server.ts';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { tapUpstream, type UpstreamTap } from '../../support/wire-tap.ts';
import { type LegacyUpstream, startLegacyUpstream } from './upstreams/legacy-http.ts';
import { type ModernUpstream, startModernUpstream } from './upstreams/modern-http.ts';
import { openV2 } from './v2-peer.ts';

let everything: Everything;
let legacy: LegacyUpstream;
let modern: ModernUpstream;
let taps: UpstreamTap[];
let gateway: TestGateway;

beforeAll(async () => {
  everything = await startEverything();
  legacy = await startLegacyUpstream();
  modern = await startModernUpstream();
  taps = await Promise.all([everything.url, legacy.url, modern.url].map(tapUpstream));
  const [both, old, recent] = taps.map(({ url }) => url) as [string, string, string];
  gateway = await startTestGateway(
    configuration(
      { both, old, recent },
      {
        expose: [
          { upstream: 'both' },
          { upstream: 'old', prefix: 'old_' },
          { upstream: 'recent', prefix: 'recent_' },
        ],
      },
    ),
  );
});
afterAll(async () => {
  await gateway.close();
  for (const tap of taps) await tap.close();
  await modern[Symbol.asyncDispose]();
  await legacy[Symbol.asyncDispose]();
  await everything.close();
});

const ABLE = { elicit: () => ({ name: 'Ada' }), sample: () => 'Paris' };

describe.each(['2025-06-18', '2025-03-26'])('a client of %s', (revision) => {
  const open = () => openV2('legacy', [revision])(gateway.url(), ABLE);

  it('is served by upstreams of either era in its own revision', async () => {
    const before = gateway.messages.length;
    await using peer = await open();
    expect(await peer.tools()).toEqual(
      expect.arrayContaining(['test_simple_text', 'old_echo', 'recent_echo']),
    );
    expect((await peer.call('test_simple_text')).isError).toBe(false);
    expect((await peer.call('old_echo', { text: 'same era' })).text).toBe('same era');
    expect((await peer.call('recent_echo', { text: 'across' })).text).toBe('across');
    expect(await peer.read('test://static-text')).toContain('static text');
    expect(await peer.prompt('recent_greet', { name: 'Ada' })).toBe('Greet Ada');
    const heard = new Set(gateway.messages.slice(before).map((message) => message.revision));
    expect([...heard]).toEqual([revision]);
  });

  it('speaks its own revision upstream too, where the upstream does', async () => {
    const before = taps[0]!.messages.length;
    await using peer = await open();
    await peer.call('test_simple_text');
    expect(new Set(taps[0]!.messages.slice(before).map((message) => message.revision))).toEqual(
      new Set([revision]),
    );
  });

  it('is asked only for what its revision knows', async () => {
    await using peer = await open();
    const sampled = JSON.parse((await peer.call('old_ask', { method: 'sampling/createMessage' })).text);
    expect(sampled.content.text).toBe('Paris');
    const elicited = JSON.parse((await peer.call('old_ask', { method: 'elicitation/create' })).text);
    expect(elicited).toEqual(
      revision === '2025-03-26' ? { refused: -32601 } : { action: 'accept', content: { name: 'Ada' } },
    );
  });
});

import { describe, expect, it } from 'vitest';
import { configuration } from '../../support/configuration.ts';
import { startEverything } from '../../support/everything/server.ts';
import { startTestGateway } from '../../support/gateway.ts';
import type { Peer } from '../clients/peer.ts';
import { PEERS } from '../clients/peers.ts';

type Era = 'match-client' | 'modern' | 'legacy';

/** A gateway in front of a gateway in front of a server that asks; each speaks the era that is given for it. */
const startChain = async (outerEra: Era, innerEra: Era) => {
  const everything = await startEverything();
  const inner = await startTestGateway(
    configuration({ everything: everything.url }, { upstream: { protocol: { era: innerEra } } }),
  );
  const outer = await startTestGateway(
    configuration({ inner: inner.url() }, { upstream: { protocol: { era: outerEra } } }),
  );
  return {
    url: outer.url(),
    [Symbol.asyncDispose]: async () => {
      await outer.close();
      await inner.close();
      await everything.close();
    },
  };
};

describe.each(PEERS)('$name', ({ open }) => {
  it.each([
    ['match-client', 'match-client'],
    ['modern', 'legacy'],
    ['legacy', 'modern'],
  ] as const)(
    'hard case 29: is asked through two gateways, the upstreams of which are %s and %s',
    async (outerEra, innerEra) => {
      await using chain = await startChain(outerEra, innerEra);
      await using peer = await open(chain.url, { sample: (text) => `You said ${text}` });
      const { text } = await peer.call('test_sampling', { prompt: 'hello' });
      expect(text).toContain('You said hello');
    },
  );

  it('hard case 29: may call through both gateways again before it answers', async () => {
    await using chain = await startChain('match-client', 'match-client');
    let peer: Peer;
    const sample = async (text: string): Promise<string> => {
      const depth = Number(text);
      if (depth === 5) return 'the end';
      return (await peer.call('test_sampling', { prompt: String(depth + 1) })).text;
    };
    await using opened = await open(chain.url, { sample });
    peer = opened;
    expect((await peer.call('test_sampling', { prompt: '0' })).text).toContain('the end');
  });
});

describe.each(PEERS.filter(({ era }) => era === 'legacy'))('$name', ({ open }) => {
  it('hard case 29: comes to an end when every answer asks again', async () => {
    await using chain = await startChain('match-client', 'match-client');
    let peer: Peer;
    let deepest = 0;
    const sample = async (text: string): Promise<string> => {
      deepest = Math.max(deepest, Number(text));
      const { text: said } = await peer.call('test_sampling', { prompt: String(Number(text) + 1) });
      return said.slice(-200);
    };
    await using opened = await open(chain.url, { sample });
    peer = opened;
    await peer.call('test_sampling', { prompt: '1' }).catch((error: unknown) => error);
    expect(deepest).toBeGreaterThan(5);
    expect(deepest).toBeLessThanOrEqual(100);
    await peer.ping();
  });
});

import { describe, expect, it } from 'vitest';
import { configuration } from '../../support/configuration.ts';
import type { Received } from '../../support/fast-upstream.ts';
import { startTestGateway } from '../../support/gateway.ts';
import { modernRequest } from '../../support/modern-client.ts';
import {
  answerWith,
  type OfferingUpstream,
  startOfferingUpstream,
  toolsNamed,
} from '../../support/offering-upstream.ts';

/** Collects calls, to be answered in an order of the test's own. */
const holding = (offering: OfferingUpstream): Received[] => {
  const held: Received[] = [];
  offering.upstream.behave((received) => held.push(received));
  return held;
};

const answerAll = (held: Received[]): void => {
  for (const received of held.reverse()) {
    const { text } = received.message.params!.arguments as { text: string };
    answerWith(received, { content: [{ type: 'text', text }] });
  }
};

const IDS = [7, '7', '07', 0, 'seven', '', -3, 9_007_199_254_740_991];

describe('numbers and strings as ids, at several upstreams at once', () => {
  it('hard case 28: each answer goes to its request, with its id as it was sent, though clients use the same ones', async () => {
    await using first = await startOfferingUpstream('first', { tools: toolsNamed('one') });
    await using second = await startOfferingUpstream('second', { tools: toolsNamed('two') });
    await using gateway = await startTestGateway(configuration({ first: first.url, second: second.url }));
    const held = { one: holding(first), two: holding(second) };
    const calls = IDS.flatMap((id) =>
      (['one', 'two'] as const).flatMap((name) =>
        ['alice', 'bob'].map(async (caller) => {
          const text = `${caller} ${name} ${typeof id} ${id}`;
          const params = { name, arguments: { text } };
          const { body } = await modernRequest(gateway.url(), 'tools/call', params, { id });
          expect(body.id).toBe(id);
          expect(body.result.content[0].text).toBe(text);
        }),
      ),
    );
    for (const [upstream, waiting] of [
      [first.upstream, held.one],
      [second.upstream, held.two],
    ] as const) {
      await upstream.until(() => waiting.length === IDS.length * 2);
      const ids = waiting.map(({ message }) => message.id);
      expect(new Set(ids).size).toBe(ids.length);
      answerAll(waiting);
    }
    await Promise.all(calls);
  });
});

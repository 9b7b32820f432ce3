import { describe, expect, it } from 'vitest';
import { META } from '../../../runtime/mcp/revision.ts';
import { configuration } from '../../support/configuration.ts';
import { answer, type FastUpstream, json } from '../../support/fast-upstream.ts';
import { startTestGateway } from '../../support/gateway.ts';
import { legacyRequest, openSession } from '../../support/legacy-client.ts';
import { callTool } from '../../support/modern-client.ts';
import { startToolUpstream } from '../../support/tool-upstream.ts';

/** From now on the upstream refuses 2026-07-28, as after a change of its version. */
const stepBack = (upstream: FastUpstream, eras: ('modern' | 'legacy')[]): void => {
  eras.splice(0, eras.length, 'legacy', 'modern');
  for (const method of ['server/discover', 'tools/call', 'tools/list'])
    upstream.on(method, (received) => {
      const { message, response } = received;
      const claim = (message.params?._meta as Record<string, unknown> | undefined)?.[META.protocolVersion];
      if (claim === undefined) {
        if (method === 'tools/call') answer(received);
        else json(response, { jsonrpc: '2.0', id: message.id, result: { tools: LISTED } });
        return;
      }
      const data = { supported: ['2025-11-25'], requested: '2026-07-28' };
      json(response, { jsonrpc: '2.0', id: message.id, error: { code: -32022, message: 'no', data } }, 400);
    });
};

const LISTED = [{ name: 'a', inputSchema: { type: 'object' } }];

const startChangeable = async () => {
  const eras: ('modern' | 'legacy')[] = ['modern'];
  return { eras, upstream: await startToolUpstream('one', ['a'], { eras }) };
};

describe('an upstream that does not speak 2026-07-28 any more', () => {
  it('is spoken to in its other era, by a modern client that notices nothing', async () => {
    const { eras, upstream } = await startChangeable();
    await using gateway = await startTestGateway(configuration({ one: upstream.url }));
    expect((await callTool(gateway.url(), 'a')).body.error).toBeUndefined();
    stepBack(upstream, eras);
    const { body } = await callTool(gateway.url(), 'a', { n: 1 });
    expect(body.error).toBeUndefined();
    expect(body.result.content[0].text).toBe('{"n":1}');
    await upstream.close();
  });

  it('is spoken to in its other era, by a legacy client that notices nothing', async () => {
    const { eras, upstream } = await startChangeable();
    await using gateway = await startTestGateway(configuration({ one: upstream.url }));
    const session = await openSession(gateway.url());
    await legacyRequest(gateway.url(), 'tools/call', { name: 'a' }, session);
    stepBack(upstream, eras);
    const { text } = await legacyRequest(
      gateway.url(),
      'tools/call',
      { name: 'a', arguments: { n: 1 } },
      session,
    );
    expect(JSON.parse(text)).toMatchObject({ result: { content: [{ text: '{"n":1}' }] } });
    await upstream.close();
  });

  it('is tried once more and no further where it refuses whatever it is asked', async () => {
    const { upstream } = await startChangeable();
    upstream.behave(({ message, response }) => {
      const data = { supported: ['2026-07-28'], requested: '2026-07-28' };
      json(response, { jsonrpc: '2.0', id: message.id, error: { code: -32022, message: 'no', data } }, 400);
    });
    await using gateway = await startTestGateway(configuration({ one: upstream.url }));
    const { body, status } = await callTool(gateway.url(), 'a');
    expect({ status, code: body.error.data.code }).toEqual({ status: 200, code: 'upstream_unavailable' });
    expect(upstream.calls).toBe(2);
    await upstream.close();
  });
});

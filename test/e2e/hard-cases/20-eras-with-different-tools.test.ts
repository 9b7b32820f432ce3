import { describe, expect, it } from 'vitest';
import { configuration } from '../../support/configuration.ts';
import { startTestGateway } from '../../support/gateway.ts';
import { legacyRequest, openSession } from '../../support/legacy-client.ts';
import { callTool, toolNames } from '../../support/modern-client.ts';
import { answerWith, startOfferingUpstream, toolsNamed } from '../../support/offering-upstream.ts';

describe('an upstream whose eras show different tools', () => {
  it('hard case 20: shows each client those of the era that it is spoken to in, and never the other ones', async () => {
    await using dual = await startOfferingUpstream('dual', { tools: [] });
    dual.upstream.on('tools/list', (received) => {
      const isModern = received.message.params?._meta !== undefined;
      const tools = toolsNamed('both', isModern ? 'modern-only' : 'legacy-only');
      answerWith(received, { tools }, { ttlMs: 3_600_000, cacheScope: 'public' });
    });
    await using gateway = await startTestGateway(configuration({ dual: dual.url }));
    const url = gateway.url();
    const session = await openSession(url);
    const legacy = async (method: string, params = {}) =>
      JSON.parse((await legacyRequest(url, method, params, session)).text);
    const legacyNames = async () =>
      (await legacy('tools/list')).result.tools.map(({ name }: { name: string }) => name);
    for (let round = 0; round < 2; round += 1) {
      expect(await toolNames(url)).toEqual(['both', 'modern-only']);
      expect(await legacyNames()).toEqual(['both', 'legacy-only']);
    }
    expect((await callTool(url, 'legacy-only')).body.error.code).toBe(-32602);
    expect((await legacy('tools/call', { name: 'modern-only', arguments: {} })).error.code).toBe(-32602);
    expect(dual.upstream.calls).toBe(0);
  });
});

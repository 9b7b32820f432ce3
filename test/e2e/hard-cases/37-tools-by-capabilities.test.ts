import { describe, expect, it } from 'vitest';
import { configuration } from '../../support/configuration.ts';
import { startTestGateway } from '../../support/gateway.ts';
import { callTool, toolNames } from '../../support/modern-client.ts';
import { answerWith, startOfferingUpstream, toolsNamed } from '../../support/offering-upstream.ts';

const ABILITIES = { none: {}, elicitation: { elicitation: {} }, sampling: { sampling: {} } };

const toolsFor = (capabilities: object): object[] =>
  toolsNamed('always', ...Object.keys(capabilities).map((ability) => `with-${ability}`));

describe('a legacy upstream whose tools depend on what its client can be asked', () => {
  it('hard case 37: shows each client the tools for its own capabilities, whoever asked before', async () => {
    await using only = await startOfferingUpstream('only', { tools: [] }, { eras: ['legacy'] });
    const declared = new Map<string, object>();
    only.upstream.on('initialize', (received) => {
      const { capabilities, protocolVersion } = received.message.params as {
        capabilities: object;
        protocolVersion: string;
      };
      declared.set(String(received.response.getHeader('mcp-session-id')), capabilities);
      const serverInfo = { name: 'by-capabilities', version: '1.0.0' };
      answerWith(received, { protocolVersion, capabilities: { tools: {} }, serverInfo });
    });
    only.upstream.on('tools/list', (received) => {
      const capabilities = declared.get(String(received.request.headers['mcp-session-id']))!;
      answerWith(received, { tools: toolsFor(capabilities) });
    });
    await using gateway = await startTestGateway(configuration({ only: only.url }));
    const url = gateway.url();
    for (let round = 0; round < 2; round += 1)
      for (const [ability, capabilities] of Object.entries(ABILITIES))
        expect(await toolNames(url, { capabilities })).toEqual(
          ability === 'none' ? ['always'] : ['always', `with-${ability}`],
        );
    const unable = await callTool(url, 'with-sampling', {}, { capabilities: ABILITIES.elicitation });
    expect(unable.body.error.code).toBe(-32602);
    const able = await callTool(url, 'with-sampling', {}, { capabilities: ABILITIES.sampling });
    expect(able.body.result).toBeDefined();
  });
});

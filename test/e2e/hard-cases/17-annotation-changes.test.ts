import { describe, expect, it } from 'vitest';
import { configuration } from '../../support/configuration.ts';
import { json } from '../../support/fast-upstream.ts';
import { startTestGateway } from '../../support/gateway.ts';
import { legacyRequest, openSession } from '../../support/legacy-client.ts';
import { callTool, toolNames } from '../../support/modern-client.ts';
import { answerWith, type OfferingUpstream, startOfferingUpstream } from '../../support/offering-upstream.ts';

const tool = (header: string) => ({
  name: 'look',
  inputSchema: { type: 'object', properties: { region: { type: 'string', 'x-mcp-header': header } } },
});

/** Holds callers to the header that its tool has now. */
const strict = (only: OfferingUpstream, header: string): void => {
  only.offer = { tools: [tool(header)], ttlMs: 3_600_000 };
  only.upstream.behave((received) => {
    const { message, request, response } = received;
    if (request.headers[`mcp-param-${header.toLowerCase()}`] === 'eu')
      answerWith(received, { content: [{ type: 'text', text: header }] });
    else
      json(
        response,
        { jsonrpc: '2.0', id: message.id, error: { code: -32020, message: 'HeaderMismatch' } },
        400,
      );
  });
};

describe('an upstream that changes which argument is mirrored between list and call', () => {
  it('hard case 17: is listed anew: a modern client is told of the mismatch and then right, a legacy one never notices', async () => {
    await using only = await startOfferingUpstream('only', {}, { eras: ['modern'] });
    strict(only, 'Region');
    await using gateway = await startTestGateway(configuration({ only: only.url }));
    const url = gateway.url();
    const session = await openSession(url);
    const legacyCall = async () => {
      const params = { name: 'look', arguments: { region: 'eu' } };
      return JSON.parse((await legacyRequest(url, 'tools/call', params, session)).text);
    };
    const modernCall = (header: string) =>
      callTool(url, 'look', { region: 'eu' }, { headers: { [`mcp-param-${header}`]: 'eu' } });
    await toolNames(url);
    expect((await modernCall('region')).body.result.content[0].text).toBe('Region');
    expect((await legacyCall()).result.content[0].text).toBe('Region');

    strict(only, 'Place');
    expect((await legacyCall()).result.content[0].text).toBe('Place');
    expect((await modernCall('place')).body.result.content[0].text).toBe('Place');

    strict(only, 'Zone');
    expect((await modernCall('place')).body.error.code).toBe(-32020);
    await expect.poll(async () => (await modernCall('zone')).body.result?.content[0].text).toBe('Zone');
  });
});

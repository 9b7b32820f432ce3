import { describe, expect, it } from 'vitest';
import { configuration } from '../support/configuration.ts';
import { json } from '../support/fast-upstream.ts';
import { startTestGateway } from '../support/gateway.ts';
import { legacyRequest, openSession } from '../support/legacy-client.ts';
import { answerWith, type OfferingUpstream, startOfferingUpstream } from '../support/offering-upstream.ts';

const tool = (header: string, annotations: object) => ({
  name: 'look',
  inputSchema: { type: 'object', properties: { region: { type: 'string', 'x-mcp-header': header } } },
  annotations,
});

/** Has the tool mirror an argument in this header from now on. */
const demand = (only: OfferingUpstream, header: string, annotations: object): void => {
  only.offer = { tools: [tool(header, annotations)], ttlMs: 3_600_000 };
  only.upstream.behave((received) => {
    const { message, request, response } = received;
    const error = { code: -32020, message: 'HeaderMismatch' };
    if (request.headers[`mcp-param-${header.toLowerCase()}`] === 'eu')
      answerWith(received, { content: [{ type: 'text', text: header }] });
    else json(response, { jsonrpc: '2.0', id: message.id, error }, 400);
  });
};

const SAFE = { readOnlyHint: true, destructiveHint: false };

describe('a call that is made again because its tool has changed', () => {
  it('is decided again, and counted once', async () => {
    await using only = await startOfferingUpstream('only', {}, { eras: ['modern'] });
    demand(only, 'Region', SAFE);
    const config = configuration(
      { only: only.url },
      {
        upstream: { trust: { annotations: 'honour' } },
        policies: {
          careful: { type: 'cel', deny: "tool.annotations.destructiveHint && args.region == 'eu'" },
        },
        limits: { few: { type: 'rate', key: ['server.name'], rate: '3/h', tools: ['look'] } },
        server: { policies: ['careful'], limits: ['few'] },
      },
    );
    await using gateway = await startTestGateway(config);
    const session = await openSession(gateway.url());
    const call = async () => {
      const params = { name: 'look', arguments: { region: 'eu' } };
      return JSON.parse((await legacyRequest(gateway.url(), 'tools/call', params, session)).text);
    };
    expect((await call()).result.content[0].text).toBe('Region');
    demand(only, 'Place', SAFE);
    expect((await call()).result.content[0].text).toBe('Place');
    const before = only.upstream.calls;
    demand(only, 'Zone', { readOnlyHint: false, destructiveHint: true });
    expect((await call()).error.data.code).toBe('policy_denied');
    expect(only.upstream.calls).toBe(before + 1);
    expect((await call()).error.data.code).toBe('rate_limited');
  });
});

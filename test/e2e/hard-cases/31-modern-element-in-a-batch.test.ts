import { expect, it } from 'vitest';
import { configuration } from '../../support/configuration.ts';
import { startTestGateway } from '../../support/gateway.ts';
import { legacyRequest } from '../../support/legacy-client.ts';
import { modernBody, modernHeaders } from '../../support/modern-client.ts';
import { rawRequest } from '../../support/raw-request.ts';
import { startToolUpstream } from '../../support/tool-upstream.ts';

const HEADERS = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
const PARAMS = { name: 'write', arguments: {} };
const LEGACY = { jsonrpc: '2.0', id: 'legacy', method: 'tools/call', params: PARAMS };

it('hard case 31: a batch with one modern element is refused whole, whatever its headers say, and nothing of it runs', async () => {
  const upstream = await startToolUpstream('one', ['write']);
  await using gateway = await startTestGateway(configuration({ one: upstream.url }), { tap: false });
  const begun = await legacyRequest(gateway.url(), 'initialize', {
    protocolVersion: '2025-03-26',
    capabilities: {},
    clientInfo: { name: 'test-client', version: '1.0.0' },
  });
  const session = { 'mcp-session-id': String(begun.headers['mcp-session-id']) };
  const modern = JSON.parse(modernBody('tools/call', PARAMS));
  const { 'io.modelcontextprotocol/protocolVersion': version } = modern.params._meta;
  const halfModern = {
    ...LEGACY,
    params: { ...PARAMS, _meta: { 'io.modelcontextprotocol/protocolVersion': version } },
  };
  for (const element of [modern, halfModern])
    for (const headers of [
      session,
      modernHeaders('tools/call', PARAMS, {}),
      { ...session, ...modernHeaders('tools/call', PARAMS, {}) },
    ])
      for (const batch of [[element], [LEGACY, element], [element, LEGACY]]) {
        const answer = await rawRequest(gateway.url(), {
          method: 'POST',
          headers: { ...HEADERS, ...headers },
          body: JSON.stringify(batch),
        });
        expect(answer.status).toBe(400);
        expect(JSON.parse(answer.text).error.code).toBe(-32600);
      }
  expect(upstream.calls).toBe(0);
  await upstream.close();
});

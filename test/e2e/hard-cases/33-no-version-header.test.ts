import { expect, it } from 'vitest';
import { configuration } from '../../support/configuration.ts';
import { startTestGateway } from '../../support/gateway.ts';
import { legacyRequest } from '../../support/legacy-client.ts';
import { rawRequest } from '../../support/raw-request.ts';
import { startToolUpstream } from '../../support/tool-upstream.ts';

it('hard case 33: a client of 2025-03-26 sends no MCP-Protocol-Version, and is served in its own revision', async () => {
  const upstream = await startToolUpstream('one', ['a']);
  await using gateway = await startTestGateway(configuration({ one: upstream.url }));
  const begun = await legacyRequest(gateway.url(), 'initialize', {
    protocolVersion: '2025-03-26',
    capabilities: {},
    clientInfo: { name: 'test-client', version: '1.0.0' },
  });
  expect(JSON.parse(begun.text).result.protocolVersion).toBe('2025-03-26');
  const session = { 'mcp-session-id': String(begun.headers['mcp-session-id']) };

  const called = await legacyRequest(gateway.url(), 'tools/call', { name: 'a' }, session);
  expect(called.status).toBe(200);
  expect(JSON.parse(called.text).result.content[0].text).toContain('"tool":"a"');
  const batch = await rawRequest(gateway.url(), {
    method: 'POST',
    headers: {
      ...session,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    },
    body: JSON.stringify([{ jsonrpc: '2.0', id: 7, method: 'ping' }]),
  });
  expect(JSON.parse(batch.text)).toEqual([{ jsonrpc: '2.0', id: 7, result: {} }]);

  const wrong = { ...session, 'mcp-protocol-version': '2031-01-01' };
  expect((await legacyRequest(gateway.url(), 'ping', {}, wrong)).status).toBe(400);
  expect((await rawRequest(gateway.url(), { method: 'DELETE', headers: session })).status).toBe(204);
  await upstream.close();
});

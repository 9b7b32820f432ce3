import { expect, it } from 'vitest';
import { configuration } from '../../support/configuration.ts';
import { startTestGateway } from '../../support/gateway.ts';
import { legacyRequest } from '../../support/legacy-client.ts';
import { modernRequest } from '../../support/modern-client.ts';
import { startToolUpstream } from '../../support/tool-upstream.ts';

const INITIALIZE = {
  protocolVersion: '2025-11-25',
  capabilities: {},
  clientInfo: { name: 'test-client', version: '1.0.0' },
};

it('hard case 32: initialize with a whole modern envelope is an unknown method, with half of one or none a session', async () => {
  const upstream = await startToolUpstream('one', ['a']);
  await using gateway = await startTestGateway(configuration({ one: upstream.url }), { tap: false });

  const whole = await modernRequest(gateway.url(), 'initialize', INITIALIZE);
  expect(whole.status).toBe(404);
  expect(whole.body.error.code).toBe(-32601);
  expect(whole.headers['mcp-session-id']).toBeUndefined();

  const headerAlone = await legacyRequest(gateway.url(), 'initialize', INITIALIZE, {
    'mcp-protocol-version': '2026-07-28',
  });
  expect(headerAlone.status).toBe(400);
  expect(JSON.parse(headerAlone.text).error.code).toBe(-32020);

  const half = { ...INITIALIZE, _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' } };
  for (const params of [INITIALIZE, half]) {
    const answer = await legacyRequest(gateway.url(), 'initialize', params);
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.text).result.protocolVersion).toBe('2025-11-25');
    expect(answer.headers['mcp-session-id']).toBeDefined();
  }
  await upstream.close();
});

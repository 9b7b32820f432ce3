import { expect, it } from 'vitest';
import { configuration } from '../../support/configuration.ts';
import { startTestGateway } from '../../support/gateway.ts';
import { legacyRequest } from '../../support/legacy-client.ts';
import { callTool } from '../../support/modern-client.ts';
import { rawRequest } from '../../support/raw-request.ts';
import { startToolUpstream } from '../../support/tool-upstream.ts';

it('hard case 34: a server of modern revisions only answers GET and DELETE with 405 and initialize with what it speaks', async () => {
  const upstream = await startToolUpstream('one', ['a']);
  await using gateway = await startTestGateway(
    configuration({ one: upstream.url }, { server: { protocol: { versions: ['2026-07-28'] } } }),
  );
  const headers = { accept: 'text/event-stream', 'mcp-session-id': 'x', 'last-event-id': '0-1' };
  for (const method of ['GET', 'DELETE', 'PUT']) {
    const answer = await rawRequest(gateway.url(), { method, headers });
    expect(answer.status).toBe(405);
    expect(answer.headers.allow).toBe('POST');
  }
  const refused = await legacyRequest(gateway.url(), 'initialize', {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'test-client', version: '1.0.0' },
  });
  expect(refused.status).toBe(400);
  expect(JSON.parse(refused.text).error).toMatchObject({
    code: -32022,
    data: { supported: ['2026-07-28'], requested: '2025-11-25' },
  });
  const called = await callTool(
    gateway.url(),
    'a',
    {},
    { headers: { 'mcp-session-id': 'x', 'last-event-id': '0-1' } },
  );
  expect(called.status).toBe(200);
  expect(called.headers['mcp-session-id']).toBeUndefined();
  await upstream.close();
});

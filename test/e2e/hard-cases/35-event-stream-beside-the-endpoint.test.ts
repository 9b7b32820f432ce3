import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { expect, it } from 'vitest';
import { configuration } from '../../support/configuration.ts';
import { startTestGateway } from '../../support/gateway.ts';
import { legacyRequest, openSession } from '../../support/legacy-client.ts';
import { callTool } from '../../support/modern-client.ts';
import { rawRequest } from '../../support/raw-request.ts';
import { startToolUpstream, told } from '../../support/tool-upstream.ts';

it('hard case 35: HTTP+SSE under the path of the endpoint takes nothing from it, nor from servers beside it', async () => {
  const upstream = await startToolUpstream('one', ['a']);
  const config = JSON.parse(
    configuration({ one: upstream.url }, { server: { protocol: { legacySse: true } } }),
  );
  config.servers.nested = { ...config.servers.main, at: [{ listener: 'main', path: '/mcp/nested' }] };
  config.servers.root = { ...config.servers.main, at: [{ listener: 'main', path: '/' }] };
  await using gateway = await startTestGateway(JSON.stringify(config), { tap: false });

  for (const [server, sse] of [
    ['main', '/mcp/sse'],
    ['nested', '/mcp/nested/sse'],
    ['root', '/sse'],
  ] as const) {
    const url = gateway.url(server);
    const client = new Client({ name: 'old', version: '1' });
    await client.connect(new SSEClientTransport(new URL(sse, url)));
    expect(told(await client.callTool({ name: 'a' }))).toMatchObject({ tool: 'a' });

    expect((await callTool(url, 'a')).status).toBe(200);
    const session = await openSession(url);
    expect((await legacyRequest(url, 'tools/list', {}, session)).status).toBe(200);
    const stream = await fetch(url, { headers: { ...session, accept: 'text/event-stream' } });
    expect(stream.status).toBe(200);
    await stream.body!.cancel();
    expect((await rawRequest(url, { headers: { accept: 'text/event-stream' } })).status).toBe(400);
    await client.close();
  }
  await upstream.close();
});

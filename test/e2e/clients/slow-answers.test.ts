import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { expect, it } from 'vitest';
import { configuration } from '../../support/configuration.ts';
import { startTestGateway } from '../../support/gateway.ts';
import { startLegacyUpstream } from './upstreams/legacy-http.ts';

it('the time that a user takes to answer an upstream is not counted as the upstream’s', async () => {
  await using upstream = await startLegacyUpstream();
  const timeouts = { call: '1s', callMax: '1200ms' };
  await using gateway = await startTestGateway(
    configuration({ slow: upstream.url }, { upstream: { timeouts } }),
  );
  const client = new Client({ name: 'v1-client', version: '1.0.0' }, { capabilities: { elicitation: {} } });
  client.setRequestHandler(ElicitRequestSchema, async () => {
    // A call that begins now has had all of its time, and more, before the user answers.
    await expect(client.callTool({ name: 'wait' })).rejects.toThrow('did not answer in time');
    await expect(client.callTool({ name: 'wait' })).rejects.toThrow('did not answer in time');
    return { action: 'accept', content: { name: 'Ada' } };
  });
  await client.connect(new StreamableHTTPClientTransport(new URL(gateway.url())) as Transport);
  const asked = await client.callTool({ name: 'ask', arguments: { method: 'elicitation/create' } });
  expect((asked.content as { text: string }[])[0]?.text).toContain('Ada');
  await client.close();
});

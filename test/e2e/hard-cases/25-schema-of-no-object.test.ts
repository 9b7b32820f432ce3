import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { describe, expect, it } from 'vitest';
import { configuration } from '../../support/configuration.ts';
import { json } from '../../support/fast-upstream.ts';
import { startTestGateway } from '../../support/gateway.ts';
import { callTool, modernRequest } from '../../support/modern-client.ts';
import { startToolUpstream } from '../../support/tool-upstream.ts';

const TREE = {
  $defs: { leaf: { type: 'integer' } },
  anyOf: [{ $ref: '#/$defs/leaf' }, { type: 'array', items: { $ref: '#' } }],
};
const TOOLS: Readonly<Record<string, { readonly schema: object; readonly value: unknown }>> = {
  tree: { schema: TREE, value: [1, [2, [3]]] },
  number: { schema: { type: 'number' }, value: 7 },
  maybe: { schema: { type: ['object', 'null'] }, value: null },
  either: { schema: { anyOf: [{ type: 'object' }, { type: 'string' }] }, value: { a: 1 } },
  anything: { schema: {}, value: 'a' },
  plain: { schema: { type: 'object', properties: { a: { type: 'integer' } } }, value: { a: 1 } },
};
/** A tool whose result is not what its schema says: a client that checks must refuse it. */
const LIAR = { schema: TREE, value: ['a'] };

const startUpstream = async () => {
  const all = { ...TOOLS, liar: LIAR };
  const listed = Object.entries(all).map(([name, { schema }]) => ({ name, outputSchema: schema }));
  const upstream = await startToolUpstream('typed', listed, { eras: ['modern'] });
  upstream.behave(({ message, response }) => {
    const { value } = all[message.params!.name as keyof typeof all]!;
    const content = [{ type: 'text', text: JSON.stringify(value) }];
    const result = { resultType: 'complete', content, structuredContent: value };
    json(response, { jsonrpc: '2.0', id: message.id, result });
  });
  return upstream;
};

describe('a tool whose output schema is not that of an object', () => {
  it('hard case 25: is listed to a client of the first SDK, which checks its results by what it was told', async () => {
    const upstream = await startUpstream();
    await using gateway = await startTestGateway(configuration({ typed: upstream.url }));
    const client = new Client({ name: 'strict', version: '1.0.0' });
    await client.connect(new StreamableHTTPClientTransport(new URL(gateway.url())) as Transport);
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual([...Object.keys(TOOLS), 'liar']);
    for (const { outputSchema } of tools) expect(outputSchema?.type).toBe('object');
    for (const [name, { value }] of Object.entries(TOOLS)) {
      const { structuredContent } = await client.callTool({ name });
      expect(structuredContent).toEqual(name === 'plain' ? value : { result: value });
    }
    await expect(client.callTool({ name: 'liar' })).rejects.toThrow(/schema/i);
    await client.close();
    await upstream.close();
  });

  it('hard case 25: is told to a modern client as it is', async () => {
    const upstream = await startUpstream();
    await using gateway = await startTestGateway(configuration({ typed: upstream.url }));
    const { body } = await modernRequest(gateway.url(), 'tools/list');
    expect(body.result.tools[0].outputSchema).toEqual(TREE);
    const called = await callTool(gateway.url(), 'number');
    expect(called.body.result.structuredContent).toBe(7);
    await upstream.close();
  });
});

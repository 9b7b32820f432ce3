import { describe, expect, it } from 'vitest';
import { configuration } from '../../support/configuration.ts';
import { startTestGateway } from '../../support/gateway.ts';
import { callTool } from '../../support/modern-client.ts';
import { readPage } from '../../support/modern-pages.ts';
import { startOfferingUpstream } from '../../support/offering-upstream.ts';
import { told } from '../../support/tool-upstream.ts';

const TOOL = {
  name: 'look',
  inputSchema: {
    type: 'object',
    properties: {
      region: { 'x-mcp-header': 'Region', type: 'string' },
      filter: { type: 'object', properties: { level: { type: 'integer', 'x-mcp-header': 'Level' } } },
      note: { type: 'string', description: 'x-mcp-header' },
    },
  },
};
const ARGUMENTS = { region: 'eu', filter: { level: 7 } };

describe('a tool whose arguments are mirrored in headers', () => {
  it('hard case 18: can be called from a browser, which mirrors nothing, where the annotations are stripped', async () => {
    await using only = await startOfferingUpstream('only', { tools: [TOOL, { ...TOOL, name: 'second' }] });
    const server = { lists: { paramHeaders: 'strip' } };
    await using gateway = await startTestGateway(configuration({ only: only.url }, { server }));
    const { tools } = await readPage(gateway.url(), 'tools/list');
    expect(tools[0].inputSchema).toEqual({
      type: 'object',
      properties: {
        region: { type: 'string' },
        filter: { type: 'object', properties: { level: { type: 'integer' } } },
        note: { type: 'string', description: 'x-mcp-header' },
      },
    });
    const { headers } = told((await callTool(gateway.url(), 'look', ARGUMENTS)).body.result);
    expect(headers).toMatchObject({ 'mcp-param-region': 'eu', 'mcp-param-level': '7' });
    const smuggled = await callTool(gateway.url(), 'look', ARGUMENTS, {
      headers: { 'mcp-param-region': 'us' },
    });
    expect(smuggled.body.error.code).toBe(-32020);
  });

  it('is held to its headers where they are kept, which is the rule', async () => {
    await using only = await startOfferingUpstream('only', { tools: [TOOL] });
    await using gateway = await startTestGateway(configuration({ only: only.url }));
    expect((await readPage(gateway.url(), 'tools/list')).tools).toEqual([TOOL]);
    expect((await callTool(gateway.url(), 'look', ARGUMENTS)).body.error.code).toBe(-32020);
    const headers = { 'mcp-param-region': 'eu', 'mcp-param-level': '7' };
    expect((await callTool(gateway.url(), 'look', ARGUMENTS, { headers })).body.result).toBeDefined();
  });
});

import { describe, expect, it } from 'vitest';
import { configuration } from '../../support/configuration.ts';
import { startTestGateway } from '../../support/gateway.ts';
import { callTool, toolNames } from '../../support/modern-client.ts';
import { startOfferingUpstream, toolsNamed } from '../../support/offering-upstream.ts';

const annotated = (name: string, properties: object) => ({
  name,
  inputSchema: { type: 'object', properties },
});

const INVALID = [
  annotated('number', { a: { type: 'number', 'x-mcp-header': 'A' } }),
  annotated('empty', { a: { type: 'string', 'x-mcp-header': '' } }),
  annotated('line-break', { a: { type: 'string', 'x-mcp-header': 'A\r\nX-Evil: 1' } }),
  annotated('twice', {
    a: { type: 'string', 'x-mcp-header': 'A' },
    b: { type: 'string', 'x-mcp-header': 'a' },
  }),
  annotated('in-array', { a: { type: 'array', items: { type: 'string', 'x-mcp-header': 'A' } } }),
];

describe('a tool with an annotation that breaks the rules', () => {
  it('hard case 16: is left out, and all other tools of its upstream and of others stay', async () => {
    await using first = await startOfferingUpstream('first', {
      tools: [
        ...toolsNamed('before'),
        ...INVALID,
        annotated('good', { a: { type: 'string', 'x-mcp-header': 'A' } }),
      ],
    });
    await using second = await startOfferingUpstream('second', { tools: toolsNamed('other') });
    await using gateway = await startTestGateway(configuration({ first: first.url, second: second.url }));
    expect(await toolNames(gateway.url())).toEqual(['before', 'good', 'other']);
    for (const { name } of INVALID)
      expect((await callTool(gateway.url(), name, { a: 'x' })).body.error.code).toBe(-32602);
    expect(first.upstream.calls).toBe(0);
    const headers = { 'mcp-param-a': 'x' };
    expect((await callTool(gateway.url(), 'good', { a: 'x' }, { headers })).body.result).toBeDefined();
  });
});

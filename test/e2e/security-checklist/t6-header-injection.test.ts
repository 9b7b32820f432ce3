import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeHeaderValue } from '../../../runtime/mcp/param-header.ts';
import { configuration } from '../../support/configuration.ts';
import { startTestGateway } from '../../support/gateway.ts';
import { legacyRequest, openSession } from '../../support/legacy-client.ts';
import { startOfferingUpstream } from '../../support/offering-upstream.ts';

const TOOL = {
  name: 'look\r\nX-Evil: by-name',
  inputSchema: { type: 'object', properties: { region: { type: 'string', 'x-mcp-header': 'Region' } } },
};

const EVIL = [
  'eu\r\nX-Evil: 1',
  'eu\nx-evil: 1',
  'eu\r',
  '\u0000',
  '\u0085\u2028',
  '=?base64?WA==?=',
  ' eu ',
  'größe',
  '\ud800',
  '\u007f',
];

describe('arguments and names that are sent on as headers', () => {
  it('T6: never break out of their header, and arrive as what they are', async () => {
    await using only = await startOfferingUpstream('only', { tools: [TOOL] }, { eras: ['modern'] });
    await using gateway = await startTestGateway(configuration({ only: only.url }));
    const session = await openSession(gateway.url());
    const mirrored = async (region: string) => {
      const params = { name: TOOL.name, arguments: { region } };
      const answer = JSON.parse((await legacyRequest(gateway.url(), 'tools/call', params, session)).text);
      expect(answer.result, JSON.stringify(region)).toBeDefined();
      return only.upstream.log.findLast(({ message }) => message.method === 'tools/call')!.headers;
    };
    const anyText = fc.sample(fc.string({ unit: 'binary', maxLength: 40 }), 40);
    for (const region of [...EVIL, ...anyText]) {
      const headers = await mirrored(region);
      const sent = headers['mcp-param-region'];
      expect(headers).not.toHaveProperty('x-evil');
      expect(sent).toMatch(/^[\x20-\x7e\t]*$/);
      expect(decodeHeaderValue(String(sent))).toBe(region.toWellFormed());
      expect(decodeHeaderValue(String(headers['mcp-name']))).toBe(TOOL.name);
    }
  });
});

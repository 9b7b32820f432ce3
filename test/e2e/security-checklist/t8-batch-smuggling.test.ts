import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configuration } from '../../support/configuration.ts';
import type { FastUpstream } from '../../support/fast-upstream.ts';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { legacyRequest } from '../../support/legacy-client.ts';
import { rawRequest } from '../../support/raw-request.ts';
import { startToolUpstream } from '../../support/tool-upstream.ts';

const CLIENT = { capabilities: {}, clientInfo: { name: 'test-client', version: '1.0.0' } };

let upstream: FastUpstream;
let gateway: TestGateway;
beforeAll(async () => {
  upstream = await startToolUpstream('one', ['read', 'write'], { eras: ['legacy'] });
  gateway = await startTestGateway(
    configuration(
      { one: upstream.url },
      {
        server: { policies: ['read-only'], limits: ['few'] },
        policies: { 'read-only': { type: 'cel', deny: "tool.name == 'write'" } },
        limits: { few: { type: 'rate', rate: '5/h', key: ['principal.id'], tools: ['read'] } },
      },
    ),
    { tap: false },
  );
});
afterAll(async () => {
  await gateway.close();
  await upstream.close();
});

const open = async (protocolVersion: string): Promise<Record<string, string>> => {
  const { headers } = await legacyRequest(gateway.url(), 'initialize', { protocolVersion, ...CLIENT });
  return { 'mcp-session-id': String(headers['mcp-session-id']) };
};

const post = (body: string, headers: Record<string, string>) =>
  rawRequest(gateway.url(), {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...headers,
    },
    body,
  });

const call = (id: number, name: string): string =>
  JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params: { name, arguments: {} } });

describe('batches', () => {
  it('T8: no message hides in an array from what judges single ones', async () => {
    const session = await open('2025-03-26');
    const calls = upstream.calls;
    const many = [call(0, 'write'), ...[1, 2, 3, 4, 5, 6, 7].map((id) => call(id, 'read'))];
    const { status, text } = await post(`[${many.join(',')}]`, session);
    expect(status).toBe(200);
    const answers = new Map<number, { error?: { data: { code: string } } }>(
      JSON.parse(text).map((answer: { id: number }) => [answer.id, answer]),
    );
    const codes = many.map((_, id) => answers.get(id)?.error?.data.code ?? 'ok');
    expect(codes[0]).toBe('unknown_target');
    expect(codes.slice(1).sort()).toEqual([...Array(5).fill('ok'), 'rate_limited', 'rate_limited']);
    expect(upstream.calls - calls).toBe(5);
  });

  it.each([
    ['an initialize', JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params: {} })],
    ['an array', `[${call(1, 'read')}]`],
    ['no message', '7'],
    ['a key twice', '{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call"}'],
    [
      'a modern claim without a value',
      '{"jsonrpc":"2.0","id":1,"method":"ping","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":null}}}',
    ],
  ])('T8: %s within an array refuses the whole of it', async (_what, element) => {
    const session = await open('2025-03-26');
    const calls = upstream.calls;
    const { status, text } = await post(`[${call(9, 'read')},${element}]`, session);
    expect(status).toBe(400);
    expect(JSON.parse(text).error.code).toBe(-32600);
    expect(upstream.calls).toBe(calls);
  });

  it('T8: an array is nothing that later revisions know', async () => {
    for (const version of ['2025-06-18', '2025-11-25'])
      expect((await post(`[${call(1, 'read')}]`, await open(version))).status).toBe(400);
    expect((await post(`[${call(1, 'read')}]`, {})).status).toBe(400);
  });
});

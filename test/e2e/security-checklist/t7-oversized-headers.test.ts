import { afterAll, beforeAll, expect, test } from 'vitest';
import { configuration } from '../../support/configuration.ts';
import type { FastUpstream } from '../../support/fast-upstream.ts';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { modernBody, modernHeaders } from '../../support/modern-client.ts';
import { rawRequest } from '../../support/raw-request.ts';
import { startToolUpstream } from '../../support/tool-upstream.ts';

const SCHEMA = { type: 'object', properties: { region: { type: 'string', 'x-mcp-header': 'Region' } } };
const PARAMS = { name: 'locate', arguments: { region: 'eu' } };
const HEADERS = { ...modernHeaders('tools/call', PARAMS, {}), 'mcp-param-region': 'eu' };

let upstream: FastUpstream;
let gateway: TestGateway;
beforeAll(async () => {
  upstream = await startToolUpstream('one', [{ name: 'locate', inputSchema: SCHEMA }]);
  gateway = await startTestGateway(
    configuration({ one: upstream.url }, { listener: { sizes: { headers: '16KiB' } } }),
    { tap: false },
  );
});
afterAll(async () => {
  await gateway.close();
  await upstream.close();
});

const send = (
  headers: Readonly<Record<string, string | readonly string[]>>,
  body = modernBody('tools/call', PARAMS),
) => rawRequest(gateway.url(), { method: 'POST', headers: { ...HEADERS, ...headers }, body });

test('T7: headers over the limit are refused before anything of them or of the body is read', async () => {
  expect((await send({})).status).toBe(200);
  const before = upstream.log.length;
  const large = 'A'.repeat(20_000);
  const many = Object.fromEntries(Array.from({ length: 1500 }, (_, at) => [`mcp-param-p${at}`, 'x']));
  const excessive: readonly Readonly<Record<string, string | readonly string[]>>[] = [
    { 'mcp-param-region': large },
    { 'mcp-param-region': `=?base64?${large}?=` },
    { 'mcp-name': `=?base64?${large}?=` },
    { 'mcp-param-unknown': large },
    { authorization: `Bearer ${large}` },
    many,
  ];
  for (const headers of excessive) {
    const [name] = Object.keys(headers);
    // A body that is no JSON would be told so, had it been read.
    const answer = await send(headers, '{');
    expect(answer.status, name).toBe(431);
    expect(answer.text, name).not.toContain('AAAA');
  }
  expect(upstream.log).toHaveLength(before);
  expect((await send({})).status).toBe(200);
});

test('very many small headers hide none of those that count', async () => {
  // The parser of Node.js keeps 2000 and forgets the rest in silence.
  const many = Object.fromEntries(Array.from({ length: 2200 }, (_, at) => [at.toString(36), '']));
  const { 'mcp-name': name, ...rest } = HEADERS as Record<string, string>;
  const body = modernBody('tools/call', PARAMS);
  const answer = await rawRequest(gateway.url(), {
    method: 'POST',
    headers: { ...rest, ...many, 'mcp-name': name! },
    body,
  });
  expect([400, 431]).toContain(answer.status);
});

import { afterAll, beforeAll, expect, test } from 'vitest';
import { configuration } from '../../support/configuration.ts';
import type { FastUpstream } from '../../support/fast-upstream.ts';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { legacyRequest, openSession, type SessionHeaders } from '../../support/legacy-client.ts';
import { startToolUpstream, told } from '../../support/tool-upstream.ts';

const SCHEMA = { type: 'object', properties: { region: { type: 'string', 'x-mcp-header': 'Region' } } };

let upstream: FastUpstream;
let gateway: TestGateway;
let session: SessionHeaders;
beforeAll(async () => {
  upstream = await startToolUpstream('one', [
    { name: 'read' },
    { name: 'wipe' },
    { name: 'locate', inputSchema: SCHEMA },
  ]);
  gateway = await startTestGateway(
    configuration(
      { one: upstream.url },
      {
        server: { policies: ['careful'] },
        policies: {
          careful: {
            type: 'cel',
            deny: "tool.name == 'wipe' || (has(args.region) && args.region == 'forbidden')",
          },
        },
      },
    ),
  );
  session = await openSession(gateway.url());
});
afterAll(async () => {
  await gateway.close();
  await upstream.close();
});

const call = (name: string, args: object, headers: Record<string, string>) =>
  legacyRequest(gateway.url(), 'tools/call', { name, arguments: args }, { ...session, ...headers });

test('T5: a request of a revision that knows no such headers is judged by its body alone', async () => {
  const before = upstream.calls;
  const wipe = await call('wipe', {}, { 'mcp-method': 'tools/call', 'mcp-name': 'read' });
  expect(JSON.parse(wipe.text).error).toMatchObject({ data: { code: 'unknown_target' } });
  const locate = await call('locate', { region: 'forbidden' }, { 'mcp-param-region': 'eu' });
  expect(JSON.parse(locate.text).error).toMatchObject({ data: { code: 'policy_denied' } });
  expect(upstream.calls).toBe(before);
});

test('such headers cost it nothing either, and go no further', async () => {
  const read = await call('read', {}, { 'mcp-method': 'tools/list', 'mcp-name': 'wipe' });
  const { tool, headers } = told(JSON.parse(read.text).result);
  expect(tool).toBe('read');
  expect(headers['mcp-name']).not.toBe('wipe');
  const locate = await call('locate', { region: 'eu' }, { 'mcp-param-region': 'forbidden' });
  expect(told(JSON.parse(locate.text).result).headers['mcp-param-region']).not.toBe('forbidden');
});

test('a session cannot borrow the headers of the modern revision', async () => {
  const { status, text } = await call('read', {}, { 'mcp-protocol-version': '2026-07-28' });
  expect(status).toBe(400);
  expect(JSON.parse(text).error.code).toBe(-32602);
});

import { afterAll, beforeAll, expect, test } from 'vitest';
import { configuration } from '../../support/configuration.ts';
import type { FastUpstream } from '../../support/fast-upstream.ts';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { callTool, modernRequest } from '../../support/modern-client.ts';
import { startToolUpstream } from '../../support/tool-upstream.ts';

const SCHEMA = {
  type: 'object',
  properties: {
    region: { type: 'string', 'x-mcp-header': 'Region' },
    count: { type: 'integer', 'x-mcp-header': 'Count' },
    sure: { type: 'boolean', 'x-mcp-header': 'Sure' },
  },
};
const base64 = (text: string): string => `=?base64?${Buffer.from(text).toString('base64')}?=`;

let upstream: FastUpstream;
let gateway: TestGateway;
beforeAll(async () => {
  upstream = await startToolUpstream('one', [
    { name: 'locate', inputSchema: SCHEMA },
    { name: 'read' },
    { name: 'wipe' },
    { name: 'hidden', inputSchema: SCHEMA },
  ]);
  gateway = await startTestGateway(
    configuration(
      { one: upstream.url },
      {
        server: { policies: ['careful'] },
        policies: {
          careful: {
            type: 'cel',
            deny: "tool.name in ['wipe', 'hidden'] || (has(args.region) && args.region == 'forbidden')",
          },
        },
      },
    ),
  );
  await modernRequest(gateway.url(), 'tools/list');
});
afterAll(async () => {
  await gateway.close();
  await upstream.close();
});

const locate = (args: object, headers: Record<string, string | undefined>) =>
  callTool(gateway.url(), 'locate', args, { headers });

test('T4: headers that do not say what the body says are refused before any policy is asked', async () => {
  const before = upstream.calls;
  const region = (value: string | undefined) => ({ 'mcp-param-region': value });
  const refused: readonly (readonly [args: object, headers: Record<string, string | undefined>])[] = [
    [{ region: 'eu' }, { ...region('eu'), 'mcp-protocol-version': '2025-11-25' }],
    [{ region: 'eu' }, { ...region('eu'), 'mcp-protocol-version': undefined }],
    [{ region: 'eu' }, { ...region('eu'), 'mcp-method': 'tools/list' }],
    [{ region: 'eu' }, { ...region('eu'), 'mcp-method': 'TOOLS/CALL' }],
    [{ region: 'eu' }, { ...region('eu'), 'mcp-method': undefined }],
    [{ region: 'eu' }, { ...region('eu'), 'mcp-name': 'read' }],
    [{ region: 'eu' }, { ...region('eu'), 'mcp-name': base64('read') }],
    [{ region: 'eu' }, { ...region('eu'), 'mcp-name': undefined }],
    [{ region: 'eu' }, region('us')],
    [{ region: 'eu' }, region(undefined)],
    [{ region: 'eu' }, region(base64('us'))],
    [{ region: 'eu' }, region('=?base64?ZX!=?=')],
    [{ region: 'eu' }, region('=?BASE64?ZXU=?=')],
    [{ region: 'eu' }, region('=?base64?ZXU?=')],
    [{ region: 'forbidden' }, region('eu')],
    [{ region: 'eu' }, region('forbidden')],
    [{}, region('eu')],
    [{ region: null }, region('eu')],
    [{ count: 42 }, { 'mcp-param-count': '43' }],
    [{ count: 42 }, { 'mcp-param-count': 'forty-two' }],
    [{ sure: true }, { 'mcp-param-sure': 'false' }],
    [{ sure: true }, { 'mcp-param-sure': '1' }],
  ];
  for (const [args, headers] of refused) {
    const { status, body } = await locate(args, headers);
    expect({ status, code: body.error?.code }, JSON.stringify([args, headers])).toEqual({
      status: 400,
      code: -32020,
    });
  }
  expect(upstream.calls).toBe(before);
});

test('headers that say the same in another way are served', async () => {
  const served: readonly (readonly [args: object, headers: Record<string, string | undefined>])[] = [
    [{ region: 'eu' }, { 'mcp-param-region': base64('eu') }],
    [{ region: 'über' }, { 'mcp-param-region': base64('über') }],
    [{ region: 'eu' }, { 'mcp-param-region': ' eu ', 'mcp-name': base64('locate') }],
    [{ count: 42 }, { 'mcp-param-count': '42.0' }],
    [{ sure: true }, { 'mcp-param-sure': 'true' }],
    [{ region: null }, {}],
    [{}, { 'mcp-param-unknown': 'passes' }],
  ];
  for (const [args, headers] of served)
    expect((await locate(args, headers)).body.result, JSON.stringify([args, headers])).toBeDefined();
});

test('the policy hears the body: no header makes a tool another one, or its arguments others', async () => {
  const before = upstream.calls;
  const hidden = await callTool(gateway.url(), 'wipe');
  expect(hidden.body.error.data.code).toBe('unknown_target');
  const disguised = await callTool(gateway.url(), 'wipe', {}, { headers: { 'mcp-name': 'read' } });
  expect(disguised.body.error.code).toBe(-32020);
  const argued = await locate({ region: 'forbidden' }, { 'mcp-param-region': 'forbidden' });
  expect(argued.body.error.data.code).toBe('policy_denied');
  expect(upstream.calls).toBe(before);
});

test('headers tell nothing of a tool that must not be seen', async () => {
  const answers = [];
  for (const name of ['hidden', 'none'])
    answers.push(
      await callTool(gateway.url(), name, { region: 'eu' }, { headers: { 'mcp-param-region': 'us' } }),
    );
  const [hidden, none] = answers.map(({ status, body }) => ({ status, code: body.error.code }));
  expect(hidden).toEqual(none);
});

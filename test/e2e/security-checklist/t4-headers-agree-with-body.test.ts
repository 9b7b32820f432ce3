import { afterAll, beforeAll, expect, test } from 'vitest';
import { http2Request, openHttp2 } from '../../runtime/listen/http2-client.ts';
import { makeCertificate } from '../../support/certificate.ts';
import { configuration } from '../../support/configuration.ts';
import type { FastUpstream } from '../../support/fast-upstream.ts';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { callTool, modernBody, modernHeaders, modernRequest } from '../../support/modern-client.ts';
import { rawRequest } from '../../support/raw-request.ts';
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
    ...['0x2A', '0b101010', '+42', '042', '42.', '4_2', '4 2', base64(' 42'), base64('42\n')].map(
      (count) => [{ count: 42 }, { 'mcp-param-count': count }] as const,
    ),
    // Beyond 2^53 two numbers are one to whoever reads them as JavaScript does, and two to others.
    [{ count: 2 ** 53 + 2 }, { 'mcp-param-count': '9007199254740995' }],
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

/** Of a call with headers that may be several of one name: status, code of JSON-RPC and id. */
const sentTwice = async (
  args: object,
  more: Readonly<Record<string, string | readonly string[]>>,
  name = 'locate',
) => {
  const params = { name, arguments: args };
  const { status, text } = await rawRequest(gateway.url(), {
    method: 'POST',
    headers: { ...modernHeaders('tools/call', params, {}), ...more },
    body: modernBody('tools/call', params),
  });
  const { error, id } = JSON.parse(text);
  return { status, code: error?.code, id };
};

test.each([
  ['with one value', { region: 'eu' }, { 'mcp-param-region': ['eu', 'eu'] }],
  ['with the right one first', { region: 'eu' }, { 'mcp-param-region': ['eu', 'us'] }],
  ['with the right one last', { region: 'eu' }, { 'mcp-param-region': ['us', 'eu'] }],
  ['that together are the argument', { region: 'eu, us' }, { 'mcp-param-region': ['eu', 'us'] }],
  ['one of them empty', { region: 'eu' }, { 'mcp-param-region': ['eu', ''] }],
  ['both empty', { region: ', ' }, { 'mcp-param-region': ['', ''] }],
  ['in two spellings', { region: 'eu' }, { 'mcp-param-region': 'eu', 'Mcp-Param-REGION': 'us' }],
  ['without an argument', {}, { 'mcp-param-region': ['eu', 'us'] }],
  ['of a number', { count: 42 }, { 'mcp-param-count': ['42', '42'] }],
  ['that the tool does not declare', {}, { 'mcp-param-unknown': ['a', 'b'] }],
])('T4: a header of an argument that is there twice, %s, is malformed', async (_what, args, headers) => {
  const before = upstream.calls;
  const refused = await sentTwice(args, headers);
  expect(refused).toEqual({ status: 400, code: -32020, id: 1 });
  expect(upstream.calls).toBe(before);
});

test('a header that is there twice tells nothing of a tool that must not be seen, and is served if it is no argument', async () => {
  const twice = { 'mcp-param-region': ['eu', 'us'] };
  const [hidden, none] = [await sentTwice({}, twice, 'hidden'), await sentTwice({}, twice, 'none')];
  expect(hidden).toEqual(none);
  const served = { 'x-trace': ['a', 'b'], 'mcp-par-am': ['a', 'b'] };
  expect((await sentTwice({}, served)).status).toBe(200);
  expect((await sentTwice({ region: 'eu, us' }, { 'mcp-param-region': 'eu, us' })).status).toBe(200);
});

test('T4: over HTTP/2 it is malformed, too', async () => {
  const { certificate, key } = makeCertificate('params');
  const tls = { certificate: '${file:./tls.crt}', key: '${file:./tls.key}' };
  await using secure = await startTestGateway(
    configuration({ one: upstream.url }, { listener: { tls, http: ['h2', 'http/1.1'] } }),
    { files: { 'tls.crt': certificate, 'tls.key': key }, tap: false },
  );
  const session = await openHttp2(Number(new URL(secure.url()).port), certificate);
  const params = { name: 'locate', arguments: { region: 'eu, us' } };
  const call = async (region: string | string[]) => {
    const headers = { ':method': 'POST', ':path': '/mcp', ...modernHeaders('tools/call', params, {}) };
    const answer = await http2Request(
      session,
      { ...headers, 'mcp-param-region': region },
      modernBody('tools/call', params),
    );
    return [answer.status, JSON.parse(answer.body).error?.code];
  };
  expect(await call(['eu', 'us'])).toEqual([400, -32020]);
  expect(await call('eu, us')).toEqual([200, undefined]);
  session.close();
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

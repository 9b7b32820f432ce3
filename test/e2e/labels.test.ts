import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { configuration } from '../support/configuration.ts';
import type { FastUpstream } from '../support/fast-upstream.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { makeSigningKey, mint, type SigningKey } from '../support/issuer.ts';
import { callTool, toolNames } from '../support/modern-client.ts';
import { startToolUpstream } from '../support/tool-upstream.ts';

const ISSUER = 'https://id.test.example';
const TEN = Date.UTC(2026, 10, 20, 10);
const TWENTY = Date.UTC(2026, 10, 20, 20);

let key: SigningKey;
let upstream: FastUpstream;

beforeAll(async () => {
  key = await makeSigningKey('ES256', 'k1');
  upstream = await startToolUpstream('ledger', ['invoice_list', 'server_restart']);
});
afterEach(() => {
  vi.useRealTimers();
});
afterAll(() => upstream.close());

const RULE =
  "principal.claims.dept == tool.labels.dept && now.getHours('UTC') in [9, 10, 11, 12, 13, 14, 15, 16]";

const start = (allow = RULE): Promise<TestGateway> =>
  startTestGateway(
    configuration(
      { ledger: upstream.url },
      {
        identity: { workforce: { type: 'jwt', issuer: ISSUER, jwksFile: './jwks.json' } },
        upstream: { labels: { dept: 'it' } },
        expose: [{ upstream: 'ledger', tools: { labels: { 'invoice_*': { dept: 'finance' } } } }],
        server: { identity: ['workforce'], policies: ['office-hours'] },
        policies: { 'office-hours': { type: 'cel', allow, because: 'own department, 9 to 17' } },
      },
    ),
    { files: { 'jwks.json': JSON.stringify({ keys: [key.publicJwk] }) } },
  );

/** A caller of the department, whose token is good at the moment that the clock is set to. */
const tokenFor = (gateway: TestGateway, dept: string): Promise<string> => {
  const seconds = Math.floor(Date.now() / 1000);
  return mint(key, {
    iss: ISSUER,
    sub: 'alice',
    aud: gateway.audience(),
    dept,
    iat: seconds,
    exp: seconds + 300,
  });
};

const denials = async (gateway: TestGateway): Promise<string | undefined> => {
  const text = await (await fetch(new URL('/metrics', gateway.opsUrl))).text();
  return text
    .split('\n')
    .find((line) => line.startsWith('gatewright_policy_denials_total{policy="office-hours"'));
};

it('[AUTHZ-02] allows a department its tools at 10:00, and no others', async () => {
  await using gateway = await start();
  vi.setSystemTime(TEN);
  const token = await tokenFor(gateway, 'finance');
  expect(await toolNames(gateway.url(), { token })).toEqual(['invoice_list']);
  expect((await callTool(gateway.url(), 'invoice_list', {}, { token })).body.result).toBeDefined();
  expect((await callTool(gateway.url(), 'server_restart', {}, { token })).body.error).toBeDefined();
  const other = await tokenFor(gateway, 'it');
  expect(await toolNames(gateway.url(), { token: other })).toEqual(['server_restart']);
});

it('[AUTHZ-02] denies it the same tools at 20:00, and counts that under the name of the rule', async () => {
  await using gateway = await start();
  vi.setSystemTime(TWENTY);
  const token = await tokenFor(gateway, 'finance');
  const before = upstream.calls;
  const denied = await callTool(gateway.url(), 'invoice_list', {}, { token });
  expect(denied.body.error).toMatchObject({ message: 'Unknown tool: invoice_list' });
  expect(upstream.calls).toBe(before);
  expect(await denials(gateway)).toBe(
    'gatewright_policy_denials_total{policy="office-hours",reason="denied"} 1',
  );
});

it('[AUTHZ-02] tells the caller the reason of the rule where its arguments were part of it', async () => {
  await using gateway = await start(`!has(args.urgent) && ${RULE}`);
  vi.setSystemTime(TEN);
  const token = await tokenFor(gateway, 'finance');
  expect((await callTool(gateway.url(), 'invoice_list', {}, { token })).body.result).toBeDefined();
  const denied = await callTool(gateway.url(), 'invoice_list', { urgent: true }, { token });
  expect(denied.body.error).toMatchObject({ message: 'own department, 9 to 17' });
});

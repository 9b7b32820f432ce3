import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NotStarted } from '../../runtime/reload/not-started.ts';
import type { FastUpstream } from '../support/fast-upstream.ts';
import { makeSigningKey, mint, type SigningKey, TestIssuer, type TokenParts } from '../support/issuer.ts';
import { callTool, type ModernOptions, toolNames } from '../support/modern-client.ts';
import { startToolUpstream, told } from '../support/tool-upstream.ts';
import { type RunningExample, startExample } from './start-example.ts';

const FOLDER = 'examples/github-style-remote';
const HUB_TOKEN = 'the-token-of-the-gateway';
const AUDIENCE = 'https://mcp.example.com/code';
const READ = { annotations: { readOnlyHint: true } };

let key: SigningKey;
let issuer: TestIssuer;
let hub: FastUpstream;
let gateway: RunningExample;
let url: string;

const origins = (): Record<string, string> => ({
  'https://id.example.com': issuer.url,
  'https://hub.example.com': new URL(hub.url).origin,
});

beforeAll(async () => {
  key = await makeSigningKey('ES256', 'k1');
  issuer = await TestIssuer.start();
  issuer.published = [key.publicJwk];
  hub = await startToolUpstream('hub', [
    { name: 'get_issue', ...READ },
    { name: 'search_code', ...READ },
    'create_issue',
    'delete_repository',
  ]);
  gateway = await startExample(FOLDER, { origins: origins(), env: { HUB_TOKEN } });
  url = gateway.url('/code');
});
afterAll(async () => {
  await gateway.close();
  await Promise.all([issuer.close(), hub.close()]);
});

const as = async (sub: string, groups: readonly string[], parts: TokenParts = {}): Promise<ModernOptions> => {
  const seconds = Math.floor(Date.now() / 1000);
  const claims = {
    iss: issuer.url,
    sub,
    groups,
    aud: AUDIENCE,
    scope: 'code',
    iat: seconds,
    exp: seconds + 300,
  };
  return { token: await mint(key, claims, parts) };
};

describe('examples/github-style-remote', () => {
  it('does not start without the token for the hub, and says which variable is missing', async () => {
    const refused = await startExample(FOLDER, { origins: origins() }).catch((error: unknown) => error);
    if (!(refused instanceof NotStarted)) return expect.unreachable('it was served');
    expect(refused.result.unresolved).toMatchObject([{ reference: '${env:HUB_TOKEN}' }]);
  });

  it('tells a client without a token where tokens come from', async () => {
    const refused = await callTool(url, 'get_issue');
    expect(refused.status).toBe(401);
    const challenge = String(refused.headers['www-authenticate']);
    expect(challenge).toContain(
      'resource_metadata="https://mcp.example.com/.well-known/oauth-protected-resource/code"',
    );
    expect(challenge).toContain('scope="code"');
    const metadata = await fetch(gateway.url('/.well-known/oauth-protected-resource/code'));
    expect(await metadata.json()).toMatchObject({
      resource: AUDIENCE,
      authorization_servers: [issuer.url],
      scopes_supported: ['code'],
    });
  });

  it('refuses tokens for others, of others and without the scope', async () => {
    for (const [claims, status] of [
      [{ aud: 'https://mcp.example.com/other' }, 401],
      [{ iss: 'https://evil.example' }, 401],
      [{ exp: 1 }, 401],
      [{ scope: 'mail' }, 403],
    ] as const)
      expect((await callTool(url, 'get_issue', {}, await as('eve', [], { claims }))).status).toBe(status);
  });

  it('shows each what he may call, and lets him call it', async () => {
    const [rita, mia] = [await as('rita', ['readers']), await as('mia', ['maintainers'])];
    expect(await toolNames(url, rita)).toEqual(['get_issue', 'search_code']);
    expect(await toolNames(url, mia)).toEqual([
      'get_issue',
      'search_code',
      'create_issue',
      'delete_repository',
    ]);
    expect((await callTool(url, 'get_issue', {}, rita)).body.result).toBeDefined();
    expect((await callTool(url, 'create_issue', {}, rita)).body.error.message).toBe(
      'Unknown tool: create_issue',
    );
    expect((await callTool(url, 'create_issue', {}, mia)).body.result).toBeDefined();
  });

  it('tells why, where an argument is the reason', async () => {
    const [rita, mia] = [await as('rita', ['readers']), await as('mia', ['maintainers'])];
    const args = { repo: 'infrastructure' };
    expect((await callTool(url, 'get_issue', args, rita)).body.error).toMatchObject({
      message: 'the infrastructure repository is for maintainers',
      data: { code: 'policy_denied' },
    });
    expect((await callTool(url, 'get_issue', args, mia)).body.result).toBeDefined();
    expect((await callTool(url, 'get_issue', { repo: 'website' }, rita)).body.result).toBeDefined();
  });

  it("shows the hub the gateway's token and the one header that is named, and nothing else of the caller", async () => {
    const rita = await as('rita', ['readers']);
    const headers = { 'x-request-id': 'r-1', 'x-other': 'o', cookie: 'a=b' };
    const { body } = await callTool(url, 'get_issue', {}, { ...rita, headers });
    const seen = told(body.result).headers;
    expect(seen).toMatchObject({ authorization: `Bearer ${HUB_TOKEN}`, 'x-request-id': 'r-1' });
    for (const name of ['x-other', 'cookie', 'x-forwarded-for']) expect(seen).not.toHaveProperty(name);
    expect(JSON.stringify(hub.log)).not.toContain(rita.token);
    for (const secret of [rita.token!, HUB_TOKEN]) expect(await gateway.log()).not.toContain(secret);
  });

  it('counts for each caller alone', async () => {
    const [tess, uma] = [await as('tess', []), await as('uma', [])];
    const startedMs = performance.now();
    const call = () => callTool(url, 'get_issue', {}, tess);
    const calls = await Promise.all(Array.from({ length: 61 }, call));
    while (calls.at(-1)!.status === 200) calls.push(await call());
    const refused = calls.filter(({ status }) => status === 429);
    // One a second comes back meanwhile.
    const lastedSeconds = Math.ceil((performance.now() - startedMs) / 1000);
    expect(calls.length - refused.length).toBeGreaterThanOrEqual(60);
    expect(calls.length - refused.length).toBeLessThanOrEqual(60 + lastedSeconds);
    expect(Number(refused[0]!.headers['retry-after'])).toBeGreaterThan(0);
    expect((await callTool(url, 'get_issue', {}, uma)).status).toBe(200);
  });
});

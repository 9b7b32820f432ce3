import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configuration } from '../support/configuration.ts';
import type { FastUpstream } from '../support/fast-upstream.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { makeSigningKey, mint, type SigningKey } from '../support/issuer.ts';
import { legacyRequest } from '../support/legacy-client.ts';
import { callTool, modernRequest, toolNames } from '../support/modern-client.ts';
import { startToolUpstream, told } from '../support/tool-upstream.ts';

const ISSUER = 'https://id.test.example';
let key: SigningKey;
let upstream: FastUpstream;

const jwt = {
  workforce: { type: 'jwt', issuer: ISSUER, jwksFile: './jwks.json', principal: { roles: 'claims.groups' } },
};

const start = (over: Parameters<typeof configuration>[1]): Promise<TestGateway> =>
  startTestGateway(configuration({ tracker: upstream.url }, over), {
    files: { 'jwks.json': JSON.stringify({ keys: [key.publicJwk] }) },
  });

const tokenFor = (gateway: TestGateway, sub: string, groups: string[]): Promise<string> => {
  const seconds = Math.floor(Date.now() / 1000);
  return mint(key, { iss: ISSUER, sub, aud: gateway.audience(), groups, iat: seconds, exp: seconds + 300 });
};

beforeAll(async () => {
  key = await makeSigningKey('ES256', 'k1');
  upstream = await startToolUpstream('tracker', [
    'get_issue',
    'search_issues',
    'create_issue',
    'delete_repo',
  ]);
});
afterAll(() => upstream.close());

describe('roles and bindings', () => {
  const rbac = {
    identity: jwt,
    server: { identity: ['workforce'], policies: ['team'] },
    policies: {
      team: {
        type: 'rbac',
        roles: {
          viewer: { allow: [{ method: 'tools/call', names: ['get_*', 'search_*'] }] },
          developer: { includes: ['viewer'], allow: [{ method: 'tools/call', names: ['create_issue'] }] },
        },
        bindings: [
          { roles: ['viewer'], when: "'viewers' in principal.roles" },
          { roles: ['developer'], when: "'developers' in principal.roles" },
        ],
      },
    },
  };

  it('[AUTHZ-01] shows a viewer no tool that writes and lets it call none', async () => {
    await using gateway = await start(rbac);
    const token = await tokenFor(gateway, 'vera', ['viewers']);
    expect(await toolNames(gateway.url(), { token })).toEqual(['get_issue', 'search_issues']);
    expect((await callTool(gateway.url(), 'get_issue', {}, { token })).body.result).toBeDefined();
    const before = upstream.calls;
    const forbidden = await callTool(gateway.url(), 'create_issue', {}, { token });
    expect(forbidden.body.error).toMatchObject({ code: -32602, message: 'Unknown tool: create_issue' });
    expect(upstream.calls).toBe(before);
  });

  it('[AUTHZ-01] gives a developer what its role and the included one allow', async () => {
    await using gateway = await start(rbac);
    const token = await tokenFor(gateway, 'dan', ['developers']);
    expect(await toolNames(gateway.url(), { token })).toEqual(['get_issue', 'search_issues', 'create_issue']);
    expect((await callTool(gateway.url(), 'create_issue', {}, { token })).body.result).toBeDefined();
  });

  it('[AUTHZ-01] shows nothing to members of another team', async () => {
    await using gateway = await start(rbac);
    const token = await tokenFor(gateway, 'oscar', ['accounting']);
    expect(await toolNames(gateway.url(), { token })).toEqual([]);
    expect((await callTool(gateway.url(), 'get_issue', {}, { token })).body.error).toMatchObject({
      code: -32602,
    });
  });

  it('[AUTHZ-01] does not take roles from anything that the caller can write', async () => {
    await using gateway = await start(rbac);
    const token = await tokenFor(gateway, 'oscar', ['accounting']);
    const forged = {
      token,
      meta: {
        'io.modelcontextprotocol/clientInfo': { name: 'developers', version: '1', roles: ['developers'] },
      },
      headers: { 'x-roles': 'developers' },
    };
    expect(await toolNames(gateway.url(), forged)).toEqual([]);
  });
});

describe('what is denied by certainty', () => {
  it('answers a forbidden tool byte for byte like one that does not exist', async () => {
    await using gateway = await start({
      server: { policies: ['none'] },
      policies: { none: { type: 'cel', deny: "tool.name == 'delete_repo'" } },
    });
    const forbidden = await callTool(gateway.url(), 'delete_repo');
    const unknown = await callTool(gateway.url(), 'delete_nope');
    const neutral = (text: string) => text.replace(/delete_\w+/g, 'X').replace(/"correlationId":"[^"]*"/, '');
    expect(neutral(forbidden.text)).toBe(neutral(unknown.text));
    expect(forbidden.status).toBe(unknown.status);
    expect(Object.keys(forbidden.headers)).toEqual(Object.keys(unknown.headers));
  });

  it('tells a caller whose arguments were the reason why', async () => {
    await using gateway = await start({
      server: { policies: ['freeze'] },
      policies: { freeze: { type: 'cel', deny: "args.repo == 'prod'", because: 'prod is frozen' } },
    });
    expect((await callTool(gateway.url(), 'create_issue', { repo: 'dev' })).body.result).toBeDefined();
    const denied = await callTool(gateway.url(), 'create_issue', { repo: 'prod' });
    expect(denied.body.error).toMatchObject({ message: 'prod is frozen', data: { code: 'policy_denied' } });
    expect(await toolNames(gateway.url())).toContain('create_issue');
  });

  it('denies when a policy fails, and says nothing of the failure', async () => {
    await using gateway = await start({
      server: { policies: ['broken'] },
      policies: { broken: { type: 'cel', deny: 'int(args.n) > 3' } },
    });
    const denied = await callTool(gateway.url(), 'create_issue', { n: 'not a number' });
    expect(denied.body.error.data.code).toBe('policy_error');
    expect(denied.text).not.toMatch(/int\(|not a number|\.ts/);
  });
});

describe('features and virtual servers', () => {
  it('[AUTHZ-05] has no prompts where the feature is off: not announced, not a method', async () => {
    upstream.on('prompts/list', () => {
      throw new Error('must not be asked');
    });
    await using gateway = await start({ server: { features: { prompts: false } } });
    const { body } = await modernRequest(gateway.url(), 'server/discover');
    expect(body.result.capabilities).toHaveProperty('tools');
    expect(body.result.capabilities).not.toHaveProperty('prompts');
    const initialized = await legacyRequest(gateway.url(), 'initialize', {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'test', version: '1' },
    });
    expect(JSON.parse(initialized.text).result.capabilities).not.toHaveProperty('prompts');
    for (const [method, params] of [
      ['prompts/list', {}],
      ['prompts/get', { name: 'p' }],
    ] as const) {
      const refused = await modernRequest(gateway.url(), method, params);
      expect(refused.status).toBe(404);
      expect(refused.body.error.code).toBe(-32601);
    }
  });

  it('[AUTHZ-06] lists the tools that the server exposes, and calls no other', async () => {
    await using gateway = await start({
      expose: [
        {
          upstream: 'tracker',
          prefix: 't_',
          tools: { allow: ['get_*', 'create_issue'], rename: { get_issue: 'issue' } },
        },
      ],
    });
    expect(await toolNames(gateway.url())).toEqual(['issue', 't_create_issue']);
    expect(told((await callTool(gateway.url(), 'issue')).body.result)).toMatchObject({ tool: 'get_issue' });
    expect(told((await callTool(gateway.url(), 't_create_issue')).body.result)).toMatchObject({
      tool: 'create_issue',
    });
    for (const name of ['get_issue', 't_get_issue', 'delete_repo', 't_delete_repo', 'create_issue']) {
      const refused = await callTool(gateway.url(), name);
      expect(refused.body.error).toMatchObject({ code: -32602, message: `Unknown tool: ${name}` });
    }
  });
});

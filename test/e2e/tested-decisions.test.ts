import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { test as gatewrightTest } from '../../cli/test.ts';
import { makeApiKey } from '../../runtime/identity/api-key.ts';
import type { FastUpstream } from '../support/fast-upstream.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { makeSigningKey, mint, type SigningKey } from '../support/issuer.ts';
import { legacyRequest, openSession } from '../support/legacy-client.ts';
import { modernBody, modernHeaders } from '../support/modern-client.ts';
import { type RawAnswer, rawRequest } from '../support/raw-request.ts';
import { startToolUpstream } from '../support/tool-upstream.ts';

const ISSUER = 'https://id.test.example';
const OTHER_ISSUER = 'https://other.test.example';

const TOOLS = [
  { name: 'get_issue', annotations: { readOnlyHint: true, destructiveHint: false } },
  { name: 'create_issue', annotations: { destructiveHint: false } },
  { name: 'delete_repo', annotations: { destructiveHint: true } },
  { name: 'get_me' },
];
const NOTES = [{ name: 'read_note' }, { name: 'write_note' }];

const MINUTE_S = 60;
const seconds = Math.floor(Date.now() / 1000);

/** Everybody who may call, as a file of tests has them. */
const PRINCIPALS: Readonly<
  Record<string, { identity?: string; claims?: Record<string, unknown>; key?: string }>
> = {
  engineer: {
    identity: 'workforce',
    claims: { sub: 'ann', groups: ['engineering'], org: 'acme', scope: 'mcp' },
  },
  outsider: {
    identity: 'workforce',
    claims: { sub: 'bob', groups: ['sales'], org: 'globex', scope: 'mcp extra' },
  },
  groupless: { identity: 'workforce', claims: { sub: 'cid', scp: ['mcp'] } },
  scopeless: { identity: 'workforce', claims: { sub: 'dan', groups: ['engineering'], org: 'acme' } },
  expired: { identity: 'workforce', claims: { sub: 'ann', scope: 'mcp', exp: seconds - 10 * MINUTE_S } },
  early: { identity: 'workforce', claims: { sub: 'ann', scope: 'mcp', nbf: seconds + 10 * MINUTE_S } },
  foreign: { identity: 'workforce', claims: { sub: 'ann', scope: 'mcp', aud: 'https://elsewhere.example' } },
  nameless: { identity: 'workforce', claims: { groups: ['engineering'], scope: 'mcp' } },
  muddled: { identity: 'workforce', claims: { sub: 'ann', groups: 'engineering', scope: 'mcp' } },
  misdirected: { identity: 'workforce', claims: { sub: 'ann', scope: 'mcp', iss: OTHER_ISSUER } },
  partner: { identity: 'partners', claims: { sub: 'pat', groups: ['engineering'], scope: 'mcp' } },
  robot: { identity: 'robots', key: 'ci' },
  stopped: { identity: 'robots', key: 'old' },
  elsewhere: { identity: 'robots', key: 'side' },
};

/** Everything that they ask for, as a file of tests has it. */
const REQUESTS = [
  { call: 'gh_get_issue', args: { labels: [] } },
  { call: 'gh_create_issue', args: { labels: ['bug'] } },
  { call: 'gh_create_issue', args: { labels: ['prod'] } },
  { call: 'gh_create_issue', args: { labels: 'prod' } },
  { call: 'gh_delete_repo' },
  { call: 'whoami' },
  { call: 'gh_get_me' },
  { call: 'read_note', args: { path: 'a' } },
  { call: 'write_note' },
  { call: 'no_such_tool' },
  { list: 'tools' },
  { list: 'prompts' },
] as const;

type Request = { readonly call?: string; readonly args?: object; readonly list?: string };

/** What may be said besides. */
const CONDITIONS: readonly { readonly from?: string; readonly headers?: Readonly<Record<string, string>> }[] =
  [
    { from: '127.0.0.9' },
    { headers: { Origin: 'https://evil.example' } },
    { headers: { Origin: 'https://app.example' } },
    { headers: { Host: 'evil.example' } },
    { headers: { 'X-Team': 'red' } },
    { from: '127.0.0.7', headers: { 'X-Forwarded-For': '10.1.2.3' } },
    { from: '127.0.0.7', headers: { 'X-Forwarded-For': '203.0.113.1, 10.66.0.1' } },
    { from: '127.0.0.7', headers: { 'X-Forwarded-For': 'nonsense' } },
  ];

const configurationOf = (github: string, notes: string): string =>
  JSON.stringify({
    version: 1,
    listeners: {
      main: {
        bind: '127.0.0.1:0',
        ip: { allow: ['127.0.0.0/8', '10.0.0.0/8'], deny: ['127.0.0.9', '10.66.0.0/16'] },
        trustedProxies: ['127.0.0.7'],
        origins: ['https://app.example'],
      },
    },
    identity: {
      workforce: {
        type: 'jwt',
        issuer: ISSUER,
        jwksFile: './jwks.json',
        principal: { roles: 'claims.groups', tenant: 'claims.org' },
      },
      partners: {
        type: 'jwt',
        issuer: OTHER_ISSUER,
        jwksFile: './partners.json',
        principal: { roles: 'claims.groups' },
      },
      robots: { type: 'api-key', keysFile: './keys.yaml' },
    },
    servers: {
      desk: {
        at: [{ listener: 'main', path: '/desk' }],
        identity: ['workforce', 'robots'],
        oauth: { scopes: ['mcp'] },
        expose: [
          { upstream: 'github', prefix: 'gh_', tools: { rename: { get_me: 'whoami' } } },
          { upstream: 'notes', tools: { allow: ['read_*', 'write_note'] } },
        ],
        features: { prompts: false },
        policies: ['team', 'no-production', 'harmless', 'red-team'],
        limits: ['plenty'],
      },
      side: {
        at: [{ listener: 'main', path: '/side' }],
        identity: ['robots', 'partners'],
        expose: [{ upstream: 'notes' }],
      },
    },
    upstreams: {
      github: {
        type: 'http',
        endpoints: [github],
        trust: { annotations: 'honour' },
        labels: { team: 'core' },
      },
      notes: { type: 'http', endpoints: [notes], labels: { team: 'notes' } },
    },
    policies: {
      team: {
        type: 'rbac',
        roles: {
          reader: { allow: [{ method: 'tools/call', names: ['*get_*', 'read_*', 'whoami'] }] },
          writer: { includes: ['reader'], allow: [{ method: 'tools/call', names: ['gh_*', 'write_note'] }] },
        },
        bindings: [
          { roles: ['reader'], when: "principal.kind == 'api-key' || 'sales' in principal.roles" },
          { roles: ['writer'], when: "'engineering' in principal.roles && principal.tenant == 'acme'" },
        ],
      },
      'no-production': { type: 'cel', deny: "'prod' in args.labels", because: 'production is closed' },
      harmless: {
        type: 'cel',
        allow: "tool.labels.team != 'core' || !tool.annotations.destructiveHint || tool.name == 'whoami'",
      },
      'red-team': {
        type: 'cel',
        deny: "'x-team' in request.headers && request.headers['x-team'] == 'red' && now > timestamp('2020-01-01T00:00:00Z')",
      },
    },
    limits: { plenty: { type: 'rate', rate: '1000000/s', key: ['principal.id'] } },
  });

interface Sent extends Request {
  readonly as: string;
  readonly era: 'modern' | 'legacy';
  readonly from?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What came back, in the words of an expectation. */
type Came =
  | { readonly deny: 'address' }
  | { readonly allow: false; readonly status: number; readonly code: string }
  | { readonly tools: readonly string[] }
  | { readonly allow: true };

let github: FastUpstream;
let notes: FastUpstream;
let gateway: TestGateway;
const keys: SigningKey[] = [];
const apiKeys = { ci: makeApiKey('ci'), old: makeApiKey('old'), side: makeApiKey('side') };

beforeAll(async () => {
  github = await startToolUpstream('github', TOOLS);
  notes = await startToolUpstream('notes', NOTES);
  keys.push(await makeSigningKey('ES256', 'k1'), await makeSigningKey('ES256', 'k2'));
  const rows = [
    { id: 'ci', hash: apiKeys.ci.hash, servers: ['desk'], roles: [] },
    { id: 'old', hash: apiKeys.old.hash, servers: ['desk'], notAfter: '2020-01-01T00:00:00Z' },
    { id: 'side', hash: apiKeys.side.hash, servers: ['side'] },
  ];
  gateway = await startTestGateway(configurationOf(github.url, notes.url), {
    tap: false,
    files: {
      'jwks.json': JSON.stringify({ keys: [keys[0]!.publicJwk] }),
      'partners.json': JSON.stringify({ keys: [keys[1]!.publicJwk] }),
      'keys.yaml': JSON.stringify({ keys: rows }),
    },
  });
});
afterAll(async () => {
  await gateway.close();
  await github.close();
  await notes.close();
});

const tokenOf = async (as: string): Promise<string | undefined> => {
  const principal = PRINCIPALS[as];
  if (principal === undefined) return undefined;
  if (principal.key !== undefined) return apiKeys[principal.key as keyof typeof apiKeys].key;
  const isPartner = principal.identity === 'partners';
  const claims = {
    iss: isPartner ? OTHER_ISSUER : ISSUER,
    aud: gateway.audience('desk'),
    exp: seconds + 60 * MINUTE_S,
  };
  return mint(keys[isPartner ? 1 : 0]!, { ...claims, ...principal.claims });
};

const toolsIn = (text: string): string[] =>
  JSON.parse(text).result.tools.map(({ name }: { name: string }) => name);

const cameOf = ({ status, text }: Pick<RawAnswer, 'status' | 'text'>, request: Request): Came => {
  const data =
    text
      .split('\n')
      .findLast((line) => line.startsWith('data: {'))
      ?.slice('data: '.length) ?? text;
  const body = JSON.parse(data);
  if (body.error !== undefined) return { allow: false, status, code: body.error.data.code };
  return request.list === 'tools' ? { tools: toolsIn(data) } : { allow: true };
};

const messageOf = ({ call, args = {}, list }: Request): readonly [method: string, params: object] =>
  call === undefined ? [`${list}/list`, {}] : ['tools/call', { name: call, arguments: args }];

const overTheWire = async (sent: Sent): Promise<Came> => {
  const [method, params] = messageOf(sent);
  const token = await tokenOf(sent.as);
  const url = gateway.audience('desk');
  const credentials = token === undefined ? {} : { authorization: `Bearer ${token}` };
  if (sent.era === 'legacy') {
    const first = await legacyRequest(
      url,
      'initialize',
      { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 't', version: '1' } },
      credentials,
    );
    if (first.status !== 200) return cameOf(first, sent);
    const session = await openSession(url, credentials);
    return cameOf(await legacyRequest(url, method, params, session), sent);
  }
  const options = token === undefined ? {} : { token };
  try {
    const answer = await rawRequest(url, {
      method: 'POST',
      ...(sent.from === undefined ? {} : { from: sent.from }),
      headers: { ...modernHeaders(method, params, options), ...sent.headers },
      body: modernBody(method, params),
    });
    return cameOf(answer, sent);
  } catch (error) {
    expect((error as NodeJS.ErrnoException).code).toMatch(/^(ECONNRESET|EPIPE)$/);
    return { deny: 'address' };
  }
};

/** Runs `gatewright test` on tests that expect what came over the wire. */
const asTests = async (all: readonly (readonly [sent: Sent, came: Came])[]): Promise<string> => {
  const cases = all.map(([sent, came], index) => ({
    name: `${index}: ${JSON.stringify(sent)}`,
    server: 'desk',
    ...sent,
    expect: came,
  }));
  const suite = {
    clock: new Date(seconds * 1000).toISOString(),
    principals: PRINCIPALS,
    upstreams: { github: { tools: TOOLS }, notes: { tools: NOTES } },
    cases,
  };
  await writeFile(join(gateway.folder, 'wire.test.yaml'), JSON.stringify(suite));
  let said = '';
  const say = (text: string): void => {
    said += text;
  };
  const io = { out: say, err: say, env: {}, cwd: gateway.folder, color: false };
  await gatewrightTest(['wire.test.yaml'], io);
  return said;
};

const everybody = [...Object.keys(PRINCIPALS), 'anonymous'];

describe('a test of the configuration decides as live traffic is decided', () => {
  it.each(['modern', 'legacy'] as const)(
    'for every caller and everything that is asked for, by %s clients',
    async (era) => {
      const all: (readonly [Sent, Came])[] = [];
      for (const as of everybody)
        for (const request of REQUESTS) {
          const sent = { as, era, ...request };
          all.push([sent, await overTheWire(sent)]);
        }
      const outcomes = new Set(all.map(([, came]) => ('code' in came ? came.code : Object.keys(came)[0])));
      for (const seen of [
        'unauthenticated',
        'insufficient_scope',
        'forbidden',
        'policy_denied',
        'policy_error',
        'unknown_target',
        'method_not_found',
        'allow',
        'tools',
      ])
        expect(outcomes).toContain(seen);
      expect(await asTests(all)).toBe(`wire.test.yaml: ${all.length} tests, passed\n`);
    },
  );

  it('for every address, host, origin and header', async () => {
    const all: (readonly [Sent, Came])[] = [];
    for (const condition of CONDITIONS)
      for (const as of ['engineer', 'anonymous'])
        for (const request of [REQUESTS[0], REQUESTS[10]]) {
          const sent: Sent = { as, era: 'modern', ...request, ...condition };
          all.push([sent, await overTheWire(sent)]);
        }
    const outcomes = new Set(all.map(([, came]) => ('code' in came ? came.code : Object.keys(came)[0])));
    for (const seen of [
      'deny',
      'address_refused',
      'host_refused',
      'origin_refused',
      'invalid_request',
      'unknown_target',
      'allow',
    ])
      expect(outcomes).toContain(seen);
    expect(await asTests(all)).toBe(`wire.test.yaml: ${all.length} tests, passed\n`);
  });

  it('and says so where one of them differs', async () => {
    const sent: Sent = { as: 'engineer', era: 'modern', call: 'gh_get_issue' };
    expect(await asTests([[sent, { allow: false, status: 200, code: 'policy_denied' }]])).toContain(
      '1 failed',
    );
  });
});

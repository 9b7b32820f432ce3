import { describe, expect, it } from 'vitest';
import { compile as compileCommand } from '../../cli/compile.ts';
import { explain } from '../../cli/explain.ts';
import { definitionHash } from '../../policies/pin/definition-hash.ts';
import { LOCK_VERSION, type Lock } from '../../schema/lock/lock.ts';
import { lockText } from '../../schema/lock/lock-text.ts';
import { ownFolder } from '../support/own-folder.ts';
import { runCommand } from '../support/run-command.ts';

const GATEWAY = `version: 1
listeners:
  edge:
    bind: 127.0.0.1:8443
    url: https://mcp.acme.example
    ip: { allow: [10.0.0.0/8, 127.0.0.0/8], deny: [10.66.0.0/16] }
    trustedProxies: [127.0.0.1]
identity:
  workforce: { type: jwt, issuer: https://id.acme.example, principal: { roles: claims.groups, tenant: claims.org_id } }
  robots: { type: api-key, keysFile: ./keys.yaml }
servers:
  engineering:
    at: [{ listener: edge, path: /engineering }]
    identity: [workforce, robots]
    oauth: { scopes: [mcp] }
    expose:
      - upstream: github
        prefix: gh_
        tools: { allow: ["get_*", create_issue], rename: { get_me: whoami } }
        resources: { allow: ["repo://**"] }
    features: { prompts: false }
    policies: [team-rbac, change-freeze]
    limits: [fair-use, bounds]
upstreams:
  github: { type: http, endpoints: [https://gh.acme.example/mcp] }
policies:
  team-rbac:
    type: rbac
    roles:
      reader: { allow: [{ method: tools/call, names: ["gh_get_*"] }, { method: resources/read, uris: ["repo://acme/*"] }] }
      writer: { includes: [reader], allow: [{ method: tools/call, names: [gh_create_issue] }] }
    bindings:
      - { roles: [reader], when: "'engineering' in principal.roles" }
      - { roles: [writer], when: "principal.tenant == 'acme'" }
  change-freeze:
    type: cel
    deny: has(args.labels) && 'prod' in args.labels && now.getDayOfWeek('Europe/Berlin') in [0, 6]
    because: weekend change freeze
limits:
  fair-use: { type: rate, rate: 600/m, burst: 60, key: [principal.id] }
  bounds: { type: bounds, callTimeout: 30s, resultBytes: 1MiB, tools: ["gh_*"] }
`;
const KEYS = `keys:
  - { id: ci, hash: ${'ab'.repeat(32)}, servers: [engineering], roles: [engineering] }
`;

const ALICE = JSON.stringify({ sub: 'alice', groups: ['engineering'], org_id: 'acme', scope: 'mcp' });
const OUTSIDER = JSON.stringify({ sub: 'eve', groups: [], org_id: 'globex', scope: 'mcp' });
const FRIDAY = ['--at', '2026-11-20T09:00:00Z'];
const SATURDAY = ['--at', '2026-11-21T09:00:00Z'];

const folder = ownFolder({ 'gateway.yaml': GATEWAY, 'keys.yaml': KEYS });

const run = (...args: string[]) => runCommand(explain, args, folder.path);

const json = async (...args: string[]) => JSON.parse((await run(...args, '--format', 'json')).out);

/** The line of the output that holds a text. */
const lineWith = (out: string, text: string): string => {
  const found = out.split('\n').find((line) => line.includes(text));
  if (found === undefined) throw new Error(`no line with ${text} in\n${out}`);
  return found.replaceAll(/\s{2,}/g, '  ').trim();
};

describe('gatewright explain', () => {
  it('tells which rule denies a call, where it is written, and the values that decided', async () => {
    const { code, out } = await run(
      '--call',
      'gh_create_issue',
      '--args',
      '{"labels":["prod"]}',
      '--claims',
      ALICE,
      ...SATURDAY,
    );
    expect(code).toBe(0);
    expect(lineWith(out, 'policy team-rbac')).toBe('ok  policy team-rbac passes  gateway.yaml:27:3');
    expect(lineWith(out, 'policy change-freeze')).toBe(
      'NO  policy change-freeze denies: weekend change freeze  gateway.yaml:35:3',
    );
    expect(lineWith(out, 'deny: has(args')).toMatch(/→ {2}true {2}gateway\.yaml:37:5$/);
    expect(lineWith(out, 'now.getDayOfWeek("Europe/Berlin")  →')).toContain('→  6');
    expect(out).toMatch(/\nrefused by change-freeze: weekend change freeze\n/);
    expect(out).toContain('HTTP 200, JSON-RPC error -31001, policy_denied: weekend change freeze\n');
  });

  it('takes `--as anonymous` for nobody, as files of tests do', async () => {
    const asked = ['--call', 'gh_get_issue', '--from', '10.1.2.3', ...FRIDAY];
    expect(await run(...asked, '--as', 'anonymous')).toEqual(await run(...asked));
  });

  it('tells each step of a call that is allowed, to the upstream that it goes to', async () => {
    const { out } = await run('--call', 'gh_get_issue', '--claims', ALICE, '--from', '10.1.2.3', ...FRIDAY);
    expect(lineWith(out, '10.1.2.3 may connect')).toBe(
      'ok  10.1.2.3 may connect: ip.allow has 10.0.0.0/8  gateway.yaml:6:11',
    );
    expect(lineWith(out, 'is the server')).toContain(
      'https://mcp.acme.example/engineering is the server engineering',
    );
    expect(lineWith(out, 'workforce: alice')).toContain('alice (roles engineering; tenant acme; scopes mcp)');
    expect(lineWith(out, 'gh_get_issue is')).toBe(
      'ok  gh_get_issue is get_issue of github  gateway.yaml:17:9',
    );
    expect(lineWith(out, 'limit fair-use')).toContain(
      '600 in 1m, 60 at once, for principal.id workforce:alice',
    );
    expect(lineWith(out, 'binding 1 of reader')).toBe(
      'ok  binding 1 of reader: reader permits tools/call gh_get_*, and its condition holds  gateway.yaml:30:25',
    );
    expect(lineWith(out, 'goes to github')).toContain(
      'as get_issue, for at most 30s, a result of at most 1MiB',
    );
    expect(out).toMatch(/\nallowed\n$/);
  });

  it('shows a role that is included where it is written', async () => {
    const rules = GATEWAY.replace('- { roles: [reader], when: "\'engineering\' in principal.roles" }\n', '');
    folder.write('gateway.yaml', rules);
    const { out } = await run('--call', 'gh_get_issue', '--claims', ALICE, ...FRIDAY);
    expect(lineWith(out, 'binding 1 of writer')).toMatch(
      /writer permits tools\/call gh_get_\*.*gateway\.yaml:30:25$/,
    );
  });

  it.each([
    ['an unknown tool', ['--call', 'gh_delete', '--claims', ALICE], 'expose', 200, -32602, 'unknown_target'],
    [
      'a hidden tool',
      ['--call', 'gh_get_x', '--claims', OUTSIDER],
      'team-rbac',
      200,
      -32602,
      'unknown_target',
    ],
    ['no credential', ['--call', 'gh_get_x'], 'identity', 401, -31001, 'unauthenticated'],
    [
      'an old token',
      ['--call', 'x', '--claims', '{"sub":"a","exp":1}'],
      'workforce',
      401,
      -31001,
      'unauthenticated',
    ],
    [
      'a token for others',
      ['--call', 'x', '--claims', '{"sub":"a","aud":"b"}'],
      'workforce',
      401,
      -31001,
      'unauthenticated',
    ],
    [
      'a missing scope',
      ['--call', 'x', '--claims', '{"sub":"a"}'],
      'scopes',
      403,
      -31001,
      'insufficient_scope',
    ],
    [
      'a feature that is off',
      ['--list', 'prompts', '--claims', ALICE],
      'features',
      404,
      -32601,
      'method_not_found',
    ],
    [
      'a feature that is off, in a session',
      ['--list', 'prompts', '--claims', ALICE, '--era', 'legacy'],
      'features',
      200,
      -32601,
      'method_not_found',
    ],
    ['another host', ['--call', 'x', '--header', 'Host: evil.example'], 'host', 403, -31001, 'host_refused'],
    [
      'another origin',
      ['--call', 'x', '--header', 'Origin: https://evil.example'],
      'origin',
      403,
      -31001,
      'origin_refused',
    ],
    [
      'a client behind a proxy',
      ['--call', 'x', '--header', 'X-Forwarded-For: 10.66.0.1'],
      'address',
      403,
      -31001,
      'address_refused',
    ],
    [
      'a resource of nobody',
      ['--read', 'file:///x', '--claims', ALICE, '--era', 'legacy'],
      'expose',
      200,
      -32002,
      'unknown_target',
    ],
  ] as const)('says what a client sees of %s', async (_, args, by, status, rpcCode, code) => {
    const { verdict } = await json(...args, ...FRIDAY);
    expect(verdict).toMatchObject({ kind: 'refused', by, client: { status, rpcCode, code } });
  });

  it('says that a peer which is refused is cut off', async () => {
    const { verdict, steps } = await json('--call', 'x', '--from', '10.66.0.1');
    expect(verdict).toEqual({ kind: 'closed', by: 'address', client: null });
    expect(steps).toHaveLength(1);
    expect(steps[0]).toMatchObject({ range: { list: 'deny', cidr: '10.66.0.0/16' }, place: { line: 6 } });
  });

  it('tells what a list holds and hides, and what cannot be known', async () => {
    const { out } = await run('--list', 'tools', '--claims', OUTSIDER, ...FRIDAY);
    expect(lineWith(out, 'gh_create_issue is hidden')).toBe(
      '--  gh_create_issue is hidden: team-rbac denies it  gateway.yaml:27:3',
    );
    expect(lineWith(out, 'principal.tenant  →')).toContain('"globex"');
    expect(out).toContain('what else github offers is not known here: gateway.lock would tell');
    const { steps } = await json('--list', 'tools', '--claims', ALICE, ...SATURDAY);
    const list = steps.find(({ step }: { step: string }) => step === 'list');
    expect(list.items).toMatchObject([
      { name: 'gh_create_issue', decision: { kind: 'undecided', policy: 'change-freeze' } },
      { name: 'whoami', decision: { kind: 'deny', policy: 'team-rbac' } },
    ]);
  });

  it('knows callers by API key, whose scopes are not asked for', async () => {
    const { verdict, steps } = await json('--call', 'gh_get_x', '--key', 'ci', ...FRIDAY);
    expect(verdict).toEqual({ kind: 'allowed', client: null });
    expect(steps).toContainEqual(
      expect.objectContaining({ step: 'identity', principal: expect.objectContaining({ key: 'robots:ci' }) }),
    );
  });

  it('reads who calls and what is asked from files', async () => {
    folder.write('alice.yaml', `identity: workforce\nclaims: ${ALICE}\n`);
    folder.write(
      'request.json',
      JSON.stringify({ read: 'repo://acme/readme', at: '2026-11-20T09:00:00Z', as: { key: 'ci' } }),
    );
    expect((await json('--request', 'request.json')).verdict.kind).toBe('allowed');
    const { request, verdict } = await json('--request', 'request.json', '--as', 'alice.yaml');
    expect(request).toMatchObject({
      target: { kind: 'resource', uri: 'repo://acme/readme' },
      caller: { kind: 'claims', identity: 'workforce' },
      at: '2026-11-20T09:00:00.000Z',
    });
    expect(verdict.kind).toBe('allowed');
  });

  it('says what may have been meant by a name that is not exposed', async () => {
    const { out } = await run('--call', 'gh_crate_issue', '--claims', ALICE, ...FRIDAY);
    expect(out).toMatch(/\ndid you mean `gh_create_issue`\?\n$/);
    expect((await json('--call', 'whoam', '--claims', ALICE)).meant).toBe('whoami');
    expect((await json('--call', 'quite_another', '--claims', ALICE)).meant).toBeUndefined();
  });

  it('goes by gateway.lock for what upstreams offer, where there is one', async () => {
    const definition = { name: 'get_issue', inputSchema: { type: 'object' } };
    const whoami = { name: 'get_me', inputSchema: { type: 'object' } };
    const create = { name: 'create_issue', inputSchema: { type: 'object' } };
    const tools = [create, definition, whoami].map((each) => ({
      name: each.name,
      sha256: definitionHash(each)!,
      definition: each,
    }));
    const lock: Lock = {
      lockVersion: LOCK_VERSION,
      upstreams: { github: { prompts: [], resourceTemplates: [], tools } },
    };
    folder.write('gateway.lock', lockText(lock));
    const listed = await json('--list', 'tools', '--claims', ALICE, ...FRIDAY);
    const { items, unknown } = listed.steps.at(-1);
    expect(items.map(({ name, offered }: { name: string; offered: string }) => [name, offered])).toEqual([
      ['gh_create_issue', 'yes'],
      ['gh_get_issue', 'yes'],
      ['whoami', 'yes'],
    ]);
    expect(unknown).toEqual([]);
    const missing = await json('--call', 'gh_get_isue', '--claims', ALICE, ...FRIDAY);
    expect(missing).toMatchObject({ meant: 'gh_get_issue', verdict: { by: 'expose' } });
  });

  it('explains a compiled artifact as well as the file that it was made from', async () => {
    const io = { out: () => undefined, err: () => undefined, env: {}, cwd: folder.path, color: false };
    expect(await compileCommand(['gateway.yaml', '--output', 'gateway.artifact.json'], io)).toBe(0);
    const request = ['--call', 'gh_get_issue', '--claims', ALICE, ...FRIDAY];
    const { out } = await run('gateway.artifact.json', ...request);
    expect(out).toBe((await run(...request)).out);
    expect(out).toContain('gateway.yaml:30:25');
  });

  it('needs no secret to explain, and shows none that it is told', async () => {
    const credentials = 'credentials: { type: bearer, token: "${env:GITHUB_TOKEN}" }, endpoints';
    folder.write('gateway.yaml', GATEWAY.replace('endpoints', credentials));
    const { code, out } = await run(
      '--call',
      'gh_get_issue',
      '--claims',
      ALICE,
      '--format',
      'json',
      ...FRIDAY,
    );
    expect([code, JSON.parse(out).verdict.kind]).toEqual([0, 'allowed']);
    expect(out).not.toContain('GITHUB_TOKEN');
  });

  it('takes arguments one by one, as JSON where they are', async () => {
    const { request } = await json('--call', 'x', '--arg', 'id=1', '--arg', 'name=a b', '--arg', 'on=true');
    expect(request.target.args).toEqual({ id: 1, name: 'a b', on: true });
  });

  it('says in JSON the version of its form, and places', async () => {
    const document = await json('--call', 'gh_get_x', '--claims', ALICE, ...FRIDAY);
    expect(document.formatVersion).toBe(1);
    expect(document.hash).toMatch(/^[0-9a-f]{64}$/);
    const { policies } = document.steps.find(({ step }: { step: string }) => step === 'policies');
    expect(policies[0]).toMatchObject({
      name: 'team-rbac',
      verdict: 'pass',
      place: { file: 'gateway.yaml', line: 27, column: 3 },
      bindings: [{ permits: { role: 'reader', place: { line: 30, column: 25 } }, decides: true }],
    });
  });

  it('never shows a credential, wherever it was given', async () => {
    const secret = `gw_ci_${'s'.repeat(43)}`;
    const { out } = await run(
      '--call',
      'gh_create_issue',
      '--arg',
      `labels=${JSON.stringify([secret, 'prod'])}`,
      '--claims',
      ALICE,
      '--header',
      `Authorization: Bearer ${secret}`,
      ...SATURDAY,
    );
    expect(out).toContain('args.labels');
    expect(out).not.toContain('s'.repeat(43));
    const { out: inJson } = await run('--call', secret, '--claims', ALICE, '--format', 'json');
    expect(inJson).not.toContain('s'.repeat(43));
    expect(() => JSON.parse(inJson)).not.toThrow();
  });

  it('writes nothing and needs no network: an issuer that does not exist is no trouble', async () => {
    const { code } = await run('--call', 'gh_get_x', '--claims', ALICE, ...FRIDAY);
    expect(code).toBe(0);
  });

  it('shows the findings of a configuration with errors, and exits with 1', async () => {
    folder.write('gateway.yaml', GATEWAY.replace('upstream: github', 'upstream: githb'));
    const { code, out, err } = await run('--call', 'x');
    expect([code, out]).toEqual([1, '']);
    expect(err).toContain('GW2003');
  });

  it.each([
    [['--call', 'x', '--server', 'enginering'], 'unknown server `enginering`; did you mean `engineering`?'],
    [['--call', 'x', '--listener', 'egde'], 'unknown listener `egde`; did you mean `edge`?'],
    [['--call', 'x', '--key', 'c1'], 'unknown API key `c1`'],
    [
      ['--call', 'x', '--claims', '{}', '--identity', 'workfoce'],
      'unknown identity `workfoce`; did you mean `workforce`?',
    ],
    [['--call', 'x', '--claims', '[1]'], '--claims is no JSON object'],
    [['--call', 'x', '--claims', '{}', '--key', 'ci'], 'claims or a key, not both'],
    [['--call', 'x', '--read', 'y'], '--call and --read are two requests'],
    [[], 'say what is asked for'],
    [['--call', 'x', '--at', 'friday'], '`friday` is no time'],
    [['--call', 'x', '--from', 'nowhere'], '`nowhere` is no IP address'],
    [['--call', 'x', '--as', 'nobody.yaml'], '`nobody.yaml` cannot be read'],
    [['--call', 'x', '--arg', 'id'], '--arg `id` has no `=`'],
    [['--list', 'tool'], 'unknown list `tool`'],
    [['--cal', 'x'], 'unknown option `--cal`; did you mean `--call`?'],
  ])('exits with 2 for %j', async (args, message) => {
    const { code, out, err } = await run(...args);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(message);
    expect(err).toContain('usage: gatewright explain');
  });

  it.each([
    ['as: { identity: workforce, claim: {} }', 'unknown key `claim` in who calls; did you mean `claims`?'],
    ['call: x\nformat: json', 'unknown key `format` in `request.yaml`'],
    ['call: [x]', '`call` in `request.yaml` is no text'],
    ['args: x', '`args` in `request.yaml` is no mapping'],
    ['- x', '`request.yaml` holds no mapping'],
    ['{', '`request.yaml` cannot be read'],
  ])('exits with 2 for a request file with %j', async (text, message) => {
    folder.write('request.yaml', text);
    const { code, err } = await run('--request', 'request.yaml', '--call', 'x');
    expect(code).toBe(2);
    expect(err).toContain(message);
  });
});

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { SaxesParser } from 'saxes';
import { describe, expect, it } from 'vitest';
import { test } from '../../cli/test.ts';
import { ownFolder } from '../support/own-folder.ts';
import { runCommand } from '../support/run-command.ts';

const GATEWAY = `version: 1
listeners:
  edge: { bind: 127.0.0.1:8443, url: https://mcp.acme.example, ip: { allow: [10.0.0.0/8, 127.0.0.1] } }
  inner: { bind: 127.0.0.1:8080 }
identity:
  workforce: { type: jwt, issuer: https://id.acme.example, principal: { roles: claims.groups, tenant: claims.org_id } }
  robots: { type: api-key, keysFile: ./keys.yaml }
servers:
  engineering:
    at: [{ listener: edge, path: /engineering }, { listener: inner, path: /engineering }]
    identity: [workforce, robots]
    expose:
      - { upstream: github, prefix: gh_, resources: false, tools: { allow: ["get_*", create_issue] } }
      - { upstream: files, tools: { allow: [read_file] }, resources: { allow: ["file:///data/**"] } }
    policies: [team-rbac, change-freeze]
    features: { prompts: false }
upstreams:
  github: { type: http, endpoints: [https://gh.acme.example/mcp], trust: { annotations: honour } }
  files: { type: stdio, command: [mcp-server-filesystem, /data] }
policies:
  team-rbac:
    type: rbac
    roles:
      reader: { allow: [{ method: tools/call, names: ["gh_get_*", read_file] }, { method: resources/read, uris: ["file:///data/*"] }] }
      writer: { includes: [reader], allow: [{ method: tools/call, names: [gh_create_issue] }] }
    bindings:
      - { roles: [reader], when: "'engineering' in principal.roles" }
      - { roles: [writer], when: "principal.tenant == 'acme'" }
  change-freeze:
    type: cel
    deny: tool.annotations.destructiveHint && now.getDayOfWeek('Europe/Berlin') in [0, 6]
    because: weekend change freeze
`;
const KEYS = `keys:
  - { id: ci, hash: ${'ab'.repeat(32)}, servers: [engineering], roles: [engineering], notAfter: 2026-12-01T00:00:00Z }
`;

const HEAD = `suite: engineering
clock: 2026-11-20T09:00:00Z
from: 10.1.2.3
principals:
  alice: { identity: workforce, claims: { sub: alice, groups: [engineering], org_id: acme } }
  ci: { key: ci }
upstreams:
  github: { tools: [{ name: get_issue, annotations: { readOnlyHint: true, destructiveHint: false } }, { name: create_issue }] }
cases:
`;
const CASES = `  - { name: readers read, as: alice, server: engineering, call: gh_get_issue, args: { id: 1 }, expect: { allow: true, by: team-rbac, upstream: github } }
  - { name: no writes at weekends, as: alice, call: gh_create_issue, clock: 2026-11-21T09:00:00Z, expect: { deny: change-freeze } }
  - { name: nor in other words, as: alice, call: gh_create_issue, clock: 2026-11-21T09:00:00Z, expect: { deny: weekend change freeze } }
  - { name: outsiders see no tool, as: anonymous, list: tools, expect: { status: 401 } }
  - { name: writers see all of it, as: alice, list: tools, expect: { tools: [gh_create_issue, gh_get_issue, read_file] } }
  - { name: robots read only, as: ci, list: tools, expect: { tools: [gh_get_issue, read_file] } }
  - { name: robots stop in December, as: ci, list: tools, clock: 2026-12-01T00:00:00Z, expect: { status: 401, code: unauthenticated, deny: robots } }
  - { name: nobody deletes, as: alice, call: gh_delete_repo, expect: { deny: expose } }
  - { name: data is read, as: alice, read: "file:///data/a", expect: { upstream: files } }
  - { name: at weekends it cannot be decided, as: alice, read: "file:///data/a", clock: 2026-11-21T09:00:00Z, expect: { deny: change-freeze, code: unknown_target } }
  - { name: strangers are cut off, as: alice, list: tools, from: 192.0.2.1, expect: { deny: address } }
  - { name: browsers of others are refused, as: alice, list: tools, headers: { Origin: "https://evil.example" }, expect: { status: 403, deny: origin } }
  - { name: prompts are off, as: alice, list: prompts, era: legacy, expect: { deny: features, status: 200 } }
  - { name: inside it is the same, as: alice, listener: inner, call: read_file, expect: { upstream: files } }
`;

const folder = ownFolder({ 'gateway.yaml': GATEWAY, 'keys.yaml': KEYS });

const run = (...args: string[]) => runCommand(test, args, folder.path);

const oneCase = (text: string) => folder.write('gateway.test.yaml', `${HEAD}  - ${text}\n`);

describe('gatewright test', () => {
  it('runs what is beside gateway.yaml: callers, clocks, addresses, headers, places, lists, eras', async () => {
    folder.write('gateway.test.yaml', HEAD + CASES);
    expect(await run()).toEqual({ code: 0, out: 'gateway.test.yaml: 14 tests, passed\n', err: '' });
  });

  it('[AUTHZ-02/unit-test] denies at the weekend what it allows on a Friday, and the failure names the rule', async () => {
    oneCase(
      '{ name: writes at weekends, as: alice, call: gh_create_issue, clock: 2026-11-21T09:00:00Z, expect: { allow: true } }',
    );
    const { code, out } = await run();
    expect(code).toBe(1);
    expect(out).toContain('FAILED writes at weekends  gateway.test.yaml:10:7\n');
    expect(out).toContain(
      '  expected it to be allowed\n  but it is refused by change-freeze (weekend change freeze)',
    );
    expect(out).toMatch(/NO {2}policy change-freeze denies: weekend change freeze\s+gateway\.yaml:29:3/);
    expect(out).toContain('tool.annotations.destructiveHint  →  true');
    expect(out).toContain('a client sees: HTTP 200, JSON-RPC error -32602, unknown_target');
    expect(out).toMatch(/\ngateway.test.yaml: 1 test, 1 failed\n$/);
  });

  it.each([
    ['call: gh_get_issue, expect: { deny: team-rbac }', 'denied by team-rbac', 'it is allowed'],
    ['call: gh_get_issue, expect: { allow: false }', 'it to be refused', 'it is allowed'],
    ['call: gh_get_issue, expect: { status: 401 }', 'HTTP 401', 'it is allowed'],
    ['call: gh_get_issue, expect: { code: policy_denied }', 'the error policy_denied', 'it is allowed'],
    ['call: gh_get_issue, expect: { upstream: files }', 'it to go to files', 'it goes to github'],
    [
      'list: tools, expect: { tools: [read_file] }',
      'tools read_file',
      'it also holds gh_create_issue, gh_get_issue',
    ],
    [
      'list: tools, expect: { tools: [gh_create_issue, gh_get_issue, read_file, gh_get_x] }',
      'gh_get_x',
      'it lacks gh_get_x',
    ],
    ['list: prompts, expect: { prompts: [] }', 'the list of prompts', 'it is refused by features'],
    ['list: tools, from: 192.0.2.1, expect: { tools: [] }', 'the list of tools', 'the connection is closed'],
  ])('fails %s', async (request, expected, found) => {
    oneCase(`{ name: it, as: alice, ${request} }`);
    const { code, out } = await run();
    expect(code).toBe(1);
    expect(out).toMatch(/expected .*\n {2}but /);
    expect(out).toContain(expected);
    expect(out).toContain(`but ${found}`);
  });

  it('runs the tests that a filter names, and says when there are none', async () => {
    folder.write('gateway.test.yaml', HEAD + CASES);
    expect((await run('--filter', 'robots')).out).toBe('gateway.test.yaml: 2 tests, passed\n');
    const none = await run('--filter', 'nothing like it');
    expect(none.code).toBe(1);
    expect(none.err).toContain('no test has `nothing like it` in its name');
  });

  it('writes a JUnit report that readers of XML take', async () => {
    folder.write(
      'gateway.test.yaml',
      `${HEAD}${CASES}  - { name: "<&\\">", as: alice, list: tools, expect: { tools: [] } }\n`,
    );
    const { code, out } = await run('--format', 'junit');
    expect(code).toBe(1);
    const cases: string[] = [];
    let failures = 0;
    const parser = new SaxesParser();
    parser.on('error', (error) => {
      throw error;
    });
    parser.on('opentag', ({ name, attributes }) => {
      if (name === 'testcase') cases.push(String(attributes.name));
      if (name === 'failure') failures += 1;
      if (name === 'testsuites') expect(attributes).toMatchObject({ tests: '15', failures: '1' });
    });
    parser.write(out).close();
    expect([cases.length, cases.at(-1), failures]).toEqual([15, '<&">', 1]);
  });

  it('writes JSON of a version, with the steps of what failed', async () => {
    folder.write(
      'gateway.test.yaml',
      `${HEAD}${CASES}  - { name: no, as: alice, call: read_file, expect: { allow: false } }\n`,
    );
    const document = JSON.parse((await run('--format', 'json', '--coverage')).out);
    expect(document).toMatchObject({ formatVersion: 1, cases: 15, failed: 1 });
    const { cases, configuration, name } = document.suites[0];
    expect([configuration, name]).toEqual(['gateway.yaml', 'engineering']);
    expect(cases[0]).toEqual({
      name: 'readers read',
      line: 10,
      passed: true,
      verdict: { kind: 'allowed', client: null },
    });
    expect(cases.at(-1)).toMatchObject({ passed: false, failures: [{ expected: 'it to be refused' }] });
    expect(cases.at(-1).steps.map(({ step }: { step: string }) => step)).toContain('policies');
    expect(document.coverage.items[0]).toMatchObject({ kind: 'route', reached: true, place: { line: 10 } });
  });

  it('tells what no test reaches, each with its place, and fails under a share', async () => {
    oneCase('{ name: readers read, as: alice, call: gh_get_issue, expect: { allow: true } }');
    const { code, out } = await run('--coverage');
    expect(code).toBe(0);
    const unreached = out.split('\n').filter((line) => line.includes('not reached'));
    expect(unreached.map((line) => line.trim())).toEqual([
      'not reached: server engineering at inner /engineering  gateway.yaml:10:50',
      'not reached: policy change-freeze denies  gateway.yaml:29:3',
      'not reached: binding 2 of team-rbac (writer) holds  gateway.yaml:28:9',
      'not reached: role reader of team-rbac permits resources/read file:///data/*  gateway.yaml:24:81',
      'not reached: role writer of team-rbac permits tools/call gh_create_issue  gateway.yaml:25:45',
    ]);
    expect(out).toContain('coverage: 44.4% (1 of 2 routes, 3 of 7 rules)\n');
    expect((await run('--fail-under', '44')).code).toBe(0);
    const under = await run('--fail-under', '80');
    expect(under.code).toBe(1);
    expect(under.err).toContain('less than 80%');
  });

  it('counts all outcomes as reached when tests reach them, through lists too', async () => {
    folder.write('gateway.test.yaml', HEAD + CASES);
    const { out } = await run('--coverage');
    expect(out).not.toContain('not reached');
    expect(out).toContain('coverage: 100.0% (2 of 2 routes, 7 of 7 rules)');
  });

  it('finds files in folders, each about the gateway.yaml beside it', async () => {
    mkdirSync(join(folder.path, 'sub', 'node_modules', 'x'), { recursive: true });
    folder.write(
      'sub/gateway.yaml',
      GATEWAY.replace('keysFile: ./keys.yaml', 'keysFile: ../keys.yaml').replace('gh_', 'hub_'),
    );
    folder.write(
      'sub/a.test.yaml',
      `${HEAD}  - { name: other, as: alice, call: hub_get_issue, expect: { deny: team-rbac } }\n`,
    );
    folder.write('sub/node_modules/x/b.test.yaml', 'nonsense');
    folder.write('gateway.test.yaml', HEAD + CASES);
    const both = await run();
    expect(both).toMatchObject({ code: 0, err: '' });
    expect(both.out).toBe(
      'gateway.test.yaml: 14 tests, passed\nsub/a.test.yaml: 1 test, passed\n15 tests: 15 passed, 0 failed\n',
    );
    expect((await run('sub')).out).toBe('sub/a.test.yaml: 1 test, passed\n');
    expect((await run('sub/a.test.yaml')).out).toBe('sub/a.test.yaml: 1 test, passed\n');
    expect((await run('--config', 'gateway.yaml', 'sub')).code).toBe(1);
  });

  it('tests the configuration with its overlays', async () => {
    folder.write('closed.yaml', 'servers:\n  engineering: { features: { tools: false } }\n');
    oneCase('{ name: closed, as: alice, list: tools, expect: { deny: features } }');
    expect((await run('--overlay', 'closed.yaml')).code).toBe(0);
    expect((await run()).code).toBe(1);
  });

  it.each([
    ['{ name: a, as: alise, call: read_file, expect: { allow: true } }', 'GW1040', 'did you mean `alice`?'],
    [
      '{ name: a, server: enginering, call: read_file, expect: { allow: true } }',
      'GW1040',
      'did you mean `engineering`?',
    ],
    [
      '{ name: a, listener: outer, call: read_file, expect: { allow: true } }',
      'GW1040',
      'there is `edge` or `inner`',
    ],
    ['{ name: a, call: read_file, expect: { by: change-freze } }', 'GW1040', 'did you mean `change-freeze`?'],
    ['{ name: a, call: read_file, expect: { upstream: filse } }', 'GW1040', 'did you mean `files`?'],
    ['{ name: a, call: gh_get_isue, expect: { allow: true } }', 'GW1043', 'did you mean `gh_get_issue`?'],
    ['{ name: a, expect: { allow: true } }', 'GW1041', 'asks for nothing'],
    ['{ name: a, call: read_file, expect: {} }', 'GW1042', 'nothing is expected'],
    ['{ name: a, call: read_file, expect: { tools: [] } }', 'GW1042', 'ask for `list: tools`'],
    ['{ name: a, call: read_file, result: x, expect: { allow: true } }', 'GW1044', 'reads results'],
    ['{ name: a, call: read_file, clock: friday, expect: { allow: true } }', 'GW3017', 'friday'],
    ['{ name: a, call: read_file, from: 1.2.3, expect: { allow: true } }', 'GW1012', '1.2.3'],
    ['{ name: a, call: read_file, expct: { allow: true } }', 'GW1001', 'did you mean `expect`?'],
    ['{ name: a, call: read_file, expect: { alow: true } }', 'GW1001', 'did you mean `allow`?'],
    ['{ name: a, call: [read_file], expect: { allow: true } }', 'GW1003', 'expected a text'],
    ['{ name: a, list: tool, expect: { allow: true } }', 'GW1004', 'did you mean `tools`?'],
    ['{ call: read_file, expect: { allow: true } }', 'GW1002', '`name`'],
  ])('reports %s with its place, and runs nothing of the file', async (text, finding, help) => {
    oneCase(text);
    const { code, err } = await run();
    expect(code).toBe(1);
    expect(err).toContain(`error[${finding}]`);
    expect(err).toContain('gateway.test.yaml:10:');
    expect(err).toContain(help);
    expect(err).not.toContain('--fix');
  });

  it('reports files that are no tests, and a configuration with errors', async () => {
    folder.write('gateway.test.yaml', 'cases: [');
    expect((await run()).err).toMatch(/error\[GW00\d\d\]/);
    folder.write('gateway.test.yaml', 'cases: []\n');
    expect((await run()).err).toContain('GW1008');
    folder.write('gateway.test.yaml', HEAD + CASES);
    folder.write('gateway.yaml', GATEWAY.replace('upstream: files', 'upstream: fiels'));
    const { code, err } = await run();
    expect(code).toBe(1);
    expect(err).toContain('GW2003');
  });

  it.each([
    [['--format', 'xml'], 'unknown format `xml`'],
    [['--fail-under', '101'], '--fail-under takes a percentage'],
    [['--fail-under', 'x'], '--fail-under takes a percentage'],
    [['nowhere'], '`nowhere` does not exist'],
    [[], 'there is no file of tests'],
    [['--fitler', 'x'], 'did you mean `--filter`?'],
  ])('exits with 2 for %j', async (args, message) => {
    const { code, out, err } = await run(...args);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(message);
    expect(err).toContain('usage: gatewright test');
  });

  it('runs a thousand tests in less than two seconds', async () => {
    const lines = Array.from({ length: 1000 }, (_, index) =>
      index % 2 === 0
        ? `  - { name: case ${index}, as: alice, call: gh_create_issue, args: { id: ${index} }, expect: { allow: true } }`
        : `  - { name: case ${index}, as: ci, list: tools, expect: { tools: [gh_get_issue, read_file] } }`,
    );
    folder.write('gateway.test.yaml', `${HEAD}${lines.join('\n')}\n`);
    // Time of the processor: what else the machine does is no matter of this.
    const before = process.cpuUsage();
    const { code, out } = await run('--coverage');
    const { user, system } = process.cpuUsage(before);
    expect(code, out).toBe(0);
    expect((user + system) / 1000).toBeLessThan(2000);
  });
});

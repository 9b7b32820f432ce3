import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { plan } from '../../cli/plan.ts';
import { makeApiKey } from '../../runtime/identity/api-key.ts';
import { expectGolden, FIXTURES } from '../compiler/fixture.ts';
import { configuration } from '../support/configuration.ts';
import { freePort } from '../support/free-port.ts';
import { startTestGateway } from '../support/gateway.ts';
import { runCommand } from '../support/run-command.ts';
import { SMALL_CONFIGURATION } from '../support/small-configuration.ts';

const AFTER = SMALL_CONFIGURATION.replace('/data]', '/srv]');
const BAD = SMALL_CONFIGURATION.replace('upstream: files', 'upstream: fiels');

/** Whether a text has an escape, or a control that turns the direction of text. */
const hasUnseen = (text: string): boolean => text.includes('\u001b') || text.includes('\u202e');

let cwd = '';
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'gatewright-plan-'));
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

const write = (name: string, text: string): void => {
  mkdirSync(dirname(join(cwd, name)), { recursive: true });
  writeFileSync(join(cwd, name), text);
};

const run = (args: readonly string[], where = cwd, env: Record<string, string> = {}) =>
  runCommand(plan, args, where, { env });

const git = (...args: readonly string[]): string =>
  execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.com', ...args], {
    cwd,
    encoding: 'utf8',
    stdio: 'pipe',
  });

const commit = (): void => {
  git('add', '-A');
  git('commit', '-qm', 'change');
};

describe('gatewright plan', () => {
  it('tells that nothing changes and exits with 0', async () => {
    write('a.yaml', SMALL_CONFIGURATION);
    expect(await run(['a.yaml', 'a.yaml', '--exit-code', '--fail-on-risk'])).toEqual({
      code: 0,
      out: 'a.yaml → a.yaml: no changes\n',
      err: '',
    });
  });

  it('tells the change, its place and what it does to live traffic', async () => {
    write('a.yaml', SMALL_CONFIGURATION);
    write('b.yaml', AFTER);
    const { code, out } = await run(['a.yaml', 'b.yaml']);
    expect(code).toBe(0);
    expect(out).toMatch(/^~ upstream files +b\.yaml:10$/m);
    expect(out).toContain('[mcp-server-filesystem, /data] → [mcp-server-filesystem, /srv]');
    expect(out).toContain('drains: a new process is started before the swap');
    expect(out).toMatch(/\n1 changed; 1 risk \(1 medium\); open streams or sessions end\n$/);
  });

  it('exits with 2 for changes only where it is asked to', async () => {
    write('a.yaml', SMALL_CONFIGURATION);
    write('b.yaml', AFTER);
    expect((await run(['a.yaml', 'b.yaml', '--exit-code'])).code).toBe(2);
    expect((await run(['a.yaml', 'b.yaml'])).code).toBe(0);
  });

  it('exits with 1 for a risk that is refused', async () => {
    write('a.yaml', SMALL_CONFIGURATION);
    write('b.yaml', AFTER);
    expect((await run(['a.yaml', 'b.yaml', '--fail-on-risk', 'high'])).code).toBe(0);
    expect((await run(['a.yaml', 'b.yaml', '--fail-on-risk', 'any'])).code).toBe(1);
    expect((await run(['--fail-on-risk', 'a.yaml', 'b.yaml'])).code).toBe(1);
  });

  it('counts a removal as large from the share that it is told', async () => {
    write('a.yaml', `${SMALL_CONFIGURATION}  more: { type: stdio, command: [more] }\n`);
    write('b.yaml', SMALL_CONFIGURATION);
    expect((await run(['a.yaml', 'b.yaml'])).out).toContain('large-removal: 1 of 2 upstreams are gone (50%)');
    expect((await run(['a.yaml', 'b.yaml', '--large-removal', '50%'])).out).not.toContain('large-removal');
  });

  it('shows the findings of both sides as check does, and exits with 1', async () => {
    write('a.yaml', BAD);
    write('b.yaml', BAD);
    const { code, out, err } = await run(['a.yaml', 'b.yaml', '--format', 'json']);
    expect([code, out]).toEqual([1, '']);
    expect(err).toContain('error[GW2003]: unknown upstream `fiels`\n  --> a.yaml:8:26\n');
    expect(err).toContain('  --> b.yaml:8:26\n');
  });

  it.each([
    [['--format', 'xml', 'a.yaml', 'b.yaml'], 'unknown format `xml`'],
    [['a.yaml', 'b.yaml', 'c.yaml'], 'unexpected `c.yaml`'],
    [['--large-removal', 'many'], '`--large-removal` needs a percentage'],
    [['--running', 'http://127.0.0.1:1', 'a.yaml', 'b.yaml'], 'name one file beside `--running`'],
  ])('refuses %j', async (args, told) => {
    const { code, err } = await run(args);
    expect(code).toBe(2);
    expect(err).toContain(told);
    expect(err).toContain('usage: gatewright plan');
  });

  it('lays overlays over both sides, or another one over the old side', async () => {
    write('a.yaml', SMALL_CONFIGURATION);
    write('b.yaml', AFTER);
    write('prod.yaml', 'telemetry: { log: { level: warn } }\n');
    write('old.yaml', 'telemetry: { log: { level: debug } }\n');
    expect((await run(['a.yaml', 'b.yaml', '--overlay', 'prod.yaml'])).out).not.toContain('telemetry');
    const { out } = await run(['a.yaml', 'b.yaml', '--overlay', 'prod.yaml', '--old-overlay', 'old.yaml']);
    expect(out).toMatch(/log\.level +debug → warn/);
  });
});

describe('gatewright plan of git revisions', () => {
  it('compares the working tree with what is committed', async () => {
    write('gateway.yaml', SMALL_CONFIGURATION);
    git('init', '-q');
    commit();
    write('gateway.yaml', AFTER);
    const { code, out } = await run([]);
    expect(code).toBe(0);
    expect(out).toMatch(/^git:HEAD:gateway\.yaml → gateway\.yaml\n/);
    expect(out).toContain('~ upstream files');
  });

  it('reads what the configuration names from the revision too, in a folder of the repository', async () => {
    const keyed = SMALL_CONFIGURATION.replace('anonymous: true', 'identity: [robots]').replace(
      'upstreams:',
      'identity:\n  robots: { type: api-key, keysFile: ./keys.yaml }\nupstreams:',
    );
    const keys = (id: string) => `keys: [{ id: ${id}, hash: ${'0a'.repeat(32)}, servers: [tools] }]\n`;
    write('deploy/gateway.yaml', keyed);
    write('deploy/keys.yaml', keys('one'));
    git('init', '-q');
    commit();
    write('deploy/keys.yaml', keys('two'));
    commit();
    write('deploy/keys.yaml', keys('three'));
    const where = join(cwd, 'deploy');
    const { code, out, err } = await run(['git:HEAD~1', 'git:HEAD', '--format', 'json'], where);
    expect([code, err]).toEqual([0, '']);
    const [change] = JSON.parse(out).changes;
    expect(change.fields[0]).toMatchObject({ field: 'keys', added: ['two'], removed: ['one'] });
    expect((await run([], where)).out).toContain('+ three');
    expect((await run(['git:HEAD:deploy/gateway.yaml', 'deploy/gateway.yaml'])).out).toContain('+ three');
  });

  it('takes all for new where the revision has not got the file yet', async () => {
    write('other', '');
    git('init', '-q');
    commit();
    write('gateway.yaml', AFTER);
    for (const args of [[], ['gateway.yaml'], ['git:HEAD', 'gateway.yaml']]) {
      const { code, out, err } = await run(args);
      expect([code, err]).toEqual([0, '']);
      for (const node of ['listener main', 'server tools', 'upstream files'])
        expect(out).toContain(`+ ${node}`);
    }
  });

  it('compares with a revision without the overlay that it has not got yet', async () => {
    write('gateway.yaml', SMALL_CONFIGURATION);
    git('init', '-q');
    commit();
    write('prod.yaml', 'telemetry: { log: { level: warn } }\n');
    const { code, out } = await run(['--overlay', 'prod.yaml']);
    expect(code).toBe(0);
    expect(out).toMatch(/log\.level +info → warn/);
  });

  it('does not take a file or an overlay for new that is named for the revision itself', async () => {
    write('gateway.yaml', SMALL_CONFIGURATION);
    git('init', '-q');
    commit();
    const named = await run(['git:HEAD:gatewy.yaml', 'gateway.yaml']);
    expect(named).toMatchObject({ code: 1, out: '' });
    expect(named.err).toContain('`gatewy.yaml` cannot be read');
    const overlaid = await run(['git:HEAD', 'gateway.yaml', '--old-overlay', 'old.yaml']);
    expect(overlaid).toMatchObject({ code: 1, out: '' });
    expect(overlaid.err).toContain('`old.yaml` cannot be read');
  });

  it('says how a revision is written to whom names it like a file', async () => {
    write('gateway.yaml', SMALL_CONFIGURATION);
    git('init', '-q');
    commit();
    const { code, err } = await run(['HEAD']);
    expect(code).toBe(1);
    expect(err.match(/cannot be read/g)).toHaveLength(1);
    expect(err).toMatch(/note: `HEAD` is a revision of git: write `git:HEAD`\n$/);
    expect((await run(['HEAD~9'])).err).not.toContain('note:');
  });

  it('checks nothing out and changes nothing in the repository', async () => {
    write('gateway.yaml', SMALL_CONFIGURATION);
    git('init', '-q');
    commit();
    write('gateway.yaml', AFTER);
    const state = () => git('status', '--porcelain=v2') + git('for-each-ref') + git('stash', 'list');
    const before = state();
    await run([]);
    expect(state()).toBe(before);
  });

  it.each([
    ['git:nowhere', 'there is no revision `nowhere`'],
    ['git:--output=x', 'there is no revision `--output=x`'],
    ['git:', 'there is no revision ``'],
  ])('exits with 3 for %s', async (spec, told) => {
    write('gateway.yaml', SMALL_CONFIGURATION);
    git('init', '-q');
    commit();
    expect(await run([spec, 'gateway.yaml'])).toMatchObject({ code: 3, err: `error: ${told}\n` });
  });

  it('exits with 3 outside of a repository', async () => {
    write('gateway.yaml', SMALL_CONFIGURATION);
    const { code, err } = await run([]);
    expect(code).toBe(3);
    expect(err).toMatch(/is in no git repository/);
  });
});

describe('gatewright plan of a running gateway', () => {
  const secret = 'correct-horse-battery-staple';
  const running = async (over: Readonly<Record<string, unknown>> = {}) => {
    const yaml = JSON.parse(configuration({ hub: 'http://127.0.0.1:9/mcp' }, over));
    yaml.upstreams.hub.credentials = { type: 'bearer', token: '${env:HUB_TOKEN}' };
    const gateway = await startTestGateway(JSON.stringify(yaml), { env: { HUB_TOKEN: secret } });
    return { yaml, gateway };
  };

  it('compares what serves with the file, and nothing where they are the same', async () => {
    const { yaml, gateway } = await running();
    await using _ = gateway;
    write('gateway.yaml', JSON.stringify(yaml));
    expect((await run(['--running', gateway.opsUrl, '--exit-code'])).code).toBe(0);
    yaml.servers.main.provenance = true;
    write('gateway.yaml', JSON.stringify(yaml));
    const { code, out } = await run(['--running', gateway.opsUrl, '--exit-code']);
    expect(code).toBe(2);
    expect(out).toMatch(/provenance +false → true/);
    expect((await run([gateway.opsUrl, 'gateway.yaml', '--exit-code'])).code).toBe(2);
    await gateway.load(JSON.stringify(yaml));
    expect((await run(['--running', gateway.opsUrl, '--exit-code'])).code).toBe(0);
  });

  it('is told the graph with its references, and no value of a secret', async () => {
    const { gateway } = await running();
    await using _ = gateway;
    const text = await (await fetch(`${gateway.opsUrl}/-/graph`)).text();
    expect(text).toContain('${env:HUB_TOKEN}');
    expect(text).not.toContain(secret);
  });

  it('says what stands in the way: nobody there, nothing served, something else served', async () => {
    write('gateway.yaml', SMALL_CONFIGURATION);
    const nobody = await run(['--running', `http://127.0.0.1:${await freePort()}`]);
    expect([nobody.code, nobody.err]).toEqual([
      3,
      expect.stringMatching(/^error: no graph from http.*ECONNREFUSED/),
    ]);
    const yaml = JSON.parse(configuration({ hub: 'http://127.0.0.1:9/mcp' }));
    yaml.listeners.ops.serve = ['health'];
    await using gateway = await startTestGateway(JSON.stringify(yaml));
    const silent = await run(['--running', gateway.opsUrl]);
    expect([silent.code, silent.err]).toEqual([3, expect.stringContaining('does not serve `status`')]);
  });

  it('shows the token of its caller where the operations listener has identities', async () => {
    const { key, hash } = makeApiKey('ops');
    const yaml = JSON.parse(configuration({ hub: 'http://127.0.0.1:9/mcp' }));
    yaml.identity = { staff: { type: 'api-key', keysFile: './keys.yaml' } };
    yaml.listeners.ops.identity = ['staff'];
    yaml.servers = { ops: yaml.servers.main };
    const keys = JSON.stringify({ keys: [{ id: 'ops', hash, servers: ['ops'] }] });
    await using gateway = await startTestGateway(JSON.stringify(yaml), { files: { 'keys.yaml': keys } });
    write('gateway.yaml', JSON.stringify(yaml));
    write('keys.yaml', keys);
    const refused = await run(['--running', gateway.opsUrl]);
    expect([refused.code, refused.err]).toEqual([3, expect.stringContaining('GATEWRIGHT_TOKEN')]);
    const shown = await run(['--running', gateway.opsUrl, '--exit-code'], cwd, { GATEWRIGHT_TOKEN: key });
    expect([shown.code, shown.err]).toEqual([0, '']);
  });
});

describe('the formats of a plan', () => {
  const folder = join(FIXTURES, 'plan');

  it.each(['text', 'json', 'markdown'])('are as they were in %s', async (format) => {
    const { code, out, err } = await run(
      ['before/gateway.yaml', 'after/gateway.yaml', '--format', format],
      folder,
    );
    expect([code, err]).toEqual([0, '']);
    expectGolden(join(folder, `expected.${format}.txt`), out);
  });

  it('hold nothing that a terminal, Markdown or HTML would take for itself', async () => {
    const evil = '\u001b[31m</details><script>alert(1)</script> ``` @everyone \u202e |x|';
    write('a.yaml', SMALL_CONFIGURATION);
    write(
      'b.yaml',
      SMALL_CONFIGURATION.replace('expose:', `instructions: ${JSON.stringify(evil)}\n    expose:`).replace(
        '[mcp-server-filesystem, /data]',
        `[mcp-server-filesystem, ${JSON.stringify(evil)}]`,
      ),
    );
    const { out: text } = await run(['a.yaml', 'b.yaml']);
    expect(hasUnseen(text)).toBe(false);
    const { out: markdown } = await run(['a.yaml', 'b.yaml', '--format', 'markdown']);
    expect(hasUnseen(markdown)).toBe(false);
    const [, fence, inside] = /^(`{3,})diff\n([\s\S]*)\n\1$/m.exec(markdown)!;
    expect(fence!.length).toBeGreaterThan(3);
    expect(inside).toContain('</details>');
    expect(markdown.replace(inside!, '').match(/<\/details>|<script>/g)).toEqual(['</details>']);
    const { out: json } = await run(['a.yaml', 'b.yaml', '--format', 'json']);
    expect(JSON.parse(json).changes[0].fields[0].after).toBe(evil);
  });
});

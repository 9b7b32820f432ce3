import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { keysAt } from '../../cli/keys.ts';
import { hashApiKeySecret } from '../../runtime/identity/api-key.ts';
import { configuration } from '../support/configuration.ts';
import { startTestGateway } from '../support/gateway.ts';
import { revokedAt } from '../support/revoking.ts';
import { runCommand } from '../support/run-command.ts';
import { startToolUpstream } from '../support/tool-upstream.ts';

const NOW_MS = Date.UTC(2026, 10, 20, 9);
const KEY = /^gw_[A-Za-z0-9]+_[A-Za-z0-9_-]{43}\n$/;

let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gatewright-keys-'));
  file = join(folder, 'keys.yaml');
});

afterEach(async () => {
  await chmod(folder, 0o700);
  await rm(folder, { recursive: true });
});

const run = (...args: string[]) => runCommand((given, io) => keysAt(given, io, NOW_MS), args, folder);

interface Written {
  id: string;
  hash: string;
  servers: string[];
  roles?: string[];
  tenant?: string;
  notAfter?: string;
}

const written = async (): Promise<Written[]> =>
  (parse(await readFile(file, 'utf8')) as { keys: Written[] }).keys;

const secretOf = (key: string): string => key.trim().replace(/^gw_[A-Za-z0-9]+_/, '');

describe('keys add', () => {
  test('prints the key once and writes its hash into a file that only the owner reads', async () => {
    const { code, out, err } = await run('add', '--server', 'engineering', '--id', 'bot');
    expect(code).toBe(0);
    expect(out).toMatch(KEY);
    expect(err).not.toContain(secretOf(out));
    const text = await readFile(file, 'utf8');
    expect(text).not.toContain(secretOf(out));
    expect(await written()).toEqual([
      { id: 'bot', hash: hashApiKeySecret(secretOf(out)), servers: ['engineering'] },
    ]);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(['keys.yaml']);
  });

  test('writes servers, roles, tenant and end as they were given', async () => {
    const args = ['--server', 'a', '--server', 'b', '--server', 'a', '--role', 'ci', '--tenant', 'acme'];
    await run('add', ...args, '--expires', '90d', '--id', 'x');
    expect(await written()).toMatchObject([
      { servers: ['a', 'b'], roles: ['ci'], tenant: 'acme', notAfter: '2027-02-18T09:00:00Z' },
    ]);
  });

  test.each([
    ['12h', '2026-11-20T21:00:00Z'],
    ['2027-06-30', '2027-06-30T23:59:59Z'],
    ['2027-06-30T12:00:00+02:00', '2027-06-30T10:00:00Z'],
  ])('takes %s for an end', async (text, notAfter) => {
    expect(await run('add', '--server', 'a', '--expires', text)).toMatchObject({ code: 0 });
    expect(await written()).toMatchObject([{ notAfter }]);
  });

  test('makes an id where none is given, another each time', async () => {
    await run('add', '--server', 'a');
    await run('add', '--server', 'a');
    const ids = (await written()).map(({ id }) => id);
    expect(new Set(ids).size).toBe(2);
  });

  test('keeps comments and the entries of others', async () => {
    const hash = hashApiKeySecret('x');
    await writeFile(
      file,
      `# ours\nkeys:\n  # the nightly build\n  - { id: nightly, hash: ${hash}, servers: [a] } # keep\n`,
      { mode: 0o644 },
    );
    await run('add', '--server', 'a', '--id', 'bot');
    const text = await readFile(file, 'utf8');
    for (const comment of ['# ours', '# the nightly build', '# keep']) expect(text).toContain(comment);
    expect((await written()).map(({ id }) => id)).toEqual(['nightly', 'bot']);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  test.each(['', '# nothing yet\n', 'keys:\n', '---\nkeys: [] # none\n'])('starts from %j', async (text) => {
    await writeFile(file, text);
    expect(await run('add', '--server', 'a', '--id', 'bot')).toMatchObject({ code: 0 });
    expect(await written()).toMatchObject([{ id: 'bot' }]);
    const comment = /#.*/.exec(text)?.[0] ?? '';
    expect(await readFile(file, 'utf8')).toContain(comment);
  });

  test.each(['123', '1e5', 'true', 'null', '0x10'])('writes the id %s as text', async (id) => {
    await run('add', '--server', 'a', '--id', id);
    expect(await written()).toMatchObject([{ id }]);
  });

  test('follows a link and leaves it a link', async () => {
    await writeFile(join(folder, 'real.yaml'), 'keys: []\n');
    await symlink('real.yaml', file);
    await run('add', '--server', 'a', '--id', 'bot');
    expect(parse(await readFile(join(folder, 'real.yaml'), 'utf8'))).toMatchObject({ keys: [{ id: 'bot' }] });
    expect((await readdir(folder, { withFileTypes: true })).filter((e) => e.isSymbolicLink())).toHaveLength(
      1,
    );
  });

  test('refuses an id that is taken, and changes nothing', async () => {
    await run('add', '--server', 'a', '--id', 'bot');
    const before = await readFile(file, 'utf8');
    const { code, out, err } = await run('add', '--server', 'b', '--id', 'bot');
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toContain('there is a key `bot` already');
    expect(await readFile(file, 'utf8')).toBe(before);
  });

  test.each([
    'just text',
    '[1, 2]',
    'keys: 1',
    'keys: [1]',
    'keys: [{ id: x }]',
    'keys: [{ id: x, hash: "12", servers: [a] }]',
    'keys: [\n',
    'keys: []\nkeys: []\n',
    'version: 1\nservers: {}\n',
    'keys: []\nnote: ours\n',
    '{ 1: a }',
    '{}: a',
  ])('refuses to write into %j', async (text) => {
    await writeFile(file, text);
    const { code, out } = await run('add', '--server', 'a');
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(await readFile(file, 'utf8')).toBe(text);
    expect(await readdir(folder)).toEqual(['keys.yaml']);
  });

  test.each([
    [['add']],
    [['add', '--server', '']],
    [['add', '--server', 'a b']],
    [['add', '--server', 'a', 'b']],
    [['add', '--server', 'a', '--id', 'a_b']],
    [['add', '--server', 'a', '--id', 'a-b']],
    [['add', '--server', '9']],
    [['add', '--server', 'a', '--id', 'x\u001b[31m']],
    [['add', '--server', 'a', '--expires', '90']],
    [['add', '--server', 'a', '--expires', '2026-11-19']],
    [['add', '--server', 'a', '--expires', '2027-02-30']],
    [['add', '--server', 'a', '--expires', '999999999d']],
    [['add', '--server', 'a', '--frobnicate']],
    [['rotate']],
    [['rotate', 'bot', '--overlap', 'long']],
    [['revoke']],
    [['revoke', 'a', 'b']],
    [['list', 'x']],
    [['frobnicate']],
    [['constructor']],
    [[]],
  ])('says how it is meant when told %j', async (args) => {
    const { code, out, err } = await run(...args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain('usage: gatewright keys add');
    expect(await readdir(folder)).toEqual([]);
  });

  test('loses none of many that are made at once', async () => {
    const added = await Promise.all(
      Array.from({ length: 20 }, (_, count) => run('add', '--server', 'a', '--id', `bot${count}`)),
    );
    expect(added.map(({ code }) => code)).toEqual(Array(20).fill(0));
    const hashes = new Map((await written()).map(({ id, hash }) => [id, hash]));
    for (const [count, { out }] of added.entries()) {
      expect(hashes.get(`bot${count}`)).toBe(hashApiKeySecret(secretOf(out)));
    }
    expect(await readdir(folder)).toEqual(['keys.yaml']);
  });

  test('loses none of those that several processes make at once', async () => {
    const script = `
      import { keys } from ${JSON.stringify(new URL('../../cli/keys.ts', import.meta.url).href)};
      const write = (text) => process.stdout.write(text);
      const io = { out: write, err: () => {}, env: {}, cwd: process.cwd(), color: false };
      process.exitCode = await keys(['add', '--server', 'a'], io);`;
    const exec = promisify(execFile);
    const processes = Array.from({ length: 4 }, () =>
      exec(process.execPath, ['--input-type=module', '-e', script], { cwd: folder }),
    );
    for (const { stdout } of await Promise.all(processes)) expect(stdout).toMatch(KEY);
    expect(await written()).toHaveLength(4);
  });

  test('says which file could not be written where the folder is read-only', async () => {
    await writeFile(file, 'keys: []\n');
    await chmod(file, 0o644);
    await chmod(folder, 0o555);
    const isRoot = process.getuid?.() === 0;
    if (isRoot) process.seteuid?.(65_534);
    try {
      const { code, out, err } = await run('add', '--server', 'a');
      expect({ code, out }).toEqual({ code: 3, out: '' });
      expect(err).toMatch(/cannot write beside .*keys\.yaml: EACCES/);
    } finally {
      if (isRoot) process.seteuid?.(0);
    }
    expect(await readFile(file, 'utf8')).toBe('keys: []\n');
  });

  test('says which folder is missing', async () => {
    const { code, err } = await run('add', '--server', 'a', '--file', 'no/such/keys.yaml');
    expect(code).toBe(3);
    expect(err).toContain('ENOENT');
  });
});

describe('keys list', () => {
  test('shows everything but hashes', async () => {
    await run('add', '--server', 'a', '--server', 'b', '--role', 'ci', '--expires', '1h', '--id', 'short');
    await run('add', '--server', 'a', '--tenant', 'acme', '--id', 'longlived');
    const { code, out } = await run('list');
    expect(code).toBe(0);
    expect(out.split('\n')).toEqual([
      'ID         SERVERS  ROLES  TENANT  NOT AFTER',
      'short      a,b      ci             2026-11-20T10:00:00Z',
      'longlived  a               acme',
      '',
    ]);
    for (const { hash } of await written()) expect(out).not.toContain(hash.slice(0, 8));
  });

  test('marks keys that are over, and lets no escape sequence out', async () => {
    const hash = hashApiKeySecret('x');
    const entry = `{ id: old, hash: ${hash}, servers: ["a\\e[31m"], notAfter: 2026-11-20T09:00:00Z }`;
    await writeFile(file, `keys: [${entry}]\n`);
    const { out } = await run('list');
    expect(out).toContain('2026-11-20T09:00:00Z (over)');
    expect(out).not.toContain('\u001b');
  });

  test('says that a gateway.yaml is no keys file', async () => {
    await writeFile(join(folder, 'gateway.yaml'), 'version: 1\nlisteners: {}\n');
    for (const command of [['list'], ['add', '--server', 'a'], ['rotate', 'bot'], ['revoke', 'bot']]) {
      const { code, out, err } = await run(...command, '--file', 'gateway.yaml');
      expect({ code, out }).toEqual({ code: 1, out: '' });
      expect(err).toMatch(/^error: .*gateway\.yaml is not a keys file: it has "version" beside `keys`\n$/);
    }
    expect(await readFile(join(folder, 'gateway.yaml'), 'utf8')).toBe('version: 1\nlisteners: {}\n');
  });

  test('cannot read a file that is not there', async () => {
    expect(await run('list')).toMatchObject({ code: 3, out: '' });
  });
});

describe('keys rotate', () => {
  test('adds a successor with the same rights and gives the old key an end', async () => {
    await run('add', '--server', 'a', '--role', 'ci', '--tenant', 'acme', '--id', 'bot');
    const { code, out } = await run('rotate', 'bot', '--overlap', '2h');
    expect(code).toBe(0);
    expect(out).toMatch(/^gw_bot2_/);
    const [old, next] = (await written()) as [Written, Written];
    expect(old.notAfter).toBe('2026-11-20T11:00:00Z');
    expect(next).toEqual({
      id: 'bot2',
      hash: hashApiKeySecret(secretOf(out)),
      servers: ['a'],
      roles: ['ci'],
      tenant: 'acme',
    });
  });

  test('overlaps by a day unless told otherwise, and counts on', async () => {
    await run('add', '--server', 'a', '--id', 'bot');
    await run('rotate', 'bot');
    expect((await run('rotate', 'bot2')).out).toMatch(/^gw_bot3_/);
    expect((await run('rotate', 'bot3', '--new-id', 'robot')).out).toMatch(/^gw_robot_/);
    expect(await written()).toMatchObject([
      { id: 'bot', notAfter: '2026-11-21T09:00:00Z' },
      { id: 'bot2', notAfter: '2026-11-21T09:00:00Z' },
      { id: 'bot3', notAfter: '2026-11-21T09:00:00Z' },
      { id: 'robot' },
    ]);
  });

  test.each([
    ['k20', 'k21'],
    ['9', '92'],
    ['bot1', 'bot12'],
    ['a'.repeat(64), `${'a'.repeat(56)}2`],
  ])('names the successor of %s %s', async (id, next) => {
    await run('add', '--server', 'a', '--id', id);
    await run('rotate', id);
    expect((await written()).map((record) => record.id)).toEqual([id, next]);
  });

  test('never lengthens the life of a key, and asks for the end of its successor', async () => {
    await run('add', '--server', 'a', '--expires', '1h', '--id', 'bot');
    expect(await run('rotate', 'bot')).toMatchObject({ code: 1, out: '' });
    expect(await run('rotate', 'bot', '--expires', '90d')).toMatchObject({ code: 0 });
    expect(await written()).toMatchObject([
      { id: 'bot', notAfter: '2026-11-20T10:00:00Z' },
      { id: 'bot2', notAfter: '2027-02-18T09:00:00Z' },
    ]);
  });

  test('refuses what is not there and an id that is taken', async () => {
    await run('add', '--server', 'a', '--id', 'bot');
    expect(await run('rotate', 'nobody')).toMatchObject({ code: 1 });
    expect(await run('rotate', 'bot', '--new-id', 'bot')).toMatchObject({ code: 1 });
    expect(await written()).toHaveLength(1);
  });
});

describe('keys revoke', () => {
  test('takes the key out and leaves the others', async () => {
    for (const id of ['a', 'b', 'c']) await run('add', '--server', 's', '--id', id);
    expect(await run('revoke', 'b')).toMatchObject({ code: 0, out: '' });
    expect((await written()).map(({ id }) => id)).toEqual(['a', 'c']);
  });

  test('refuses what is not there', async () => {
    await run('add', '--server', 's', '--id', 'a');
    expect(await run('revoke', 'b')).toMatchObject({ code: 1 });
    expect(await run('revoke', 'a', '--file', 'other.yaml')).toMatchObject({ code: 1 });
    expect(await readdir(folder)).toEqual(['keys.yaml']);
  });

  test('has a running gateway refuse it at once, and leaves the file alone if that cannot be', async () => {
    await run('add', '--server', 'main', '--id', 'a');
    await run('add', '--server', 'main', '--id', 'b');
    const upstream = await startToolUpstream('tracker', ['echo']);
    await using gateway = await startTestGateway(
      configuration(
        { tracker: upstream.url },
        {
          identity: { robots: { type: 'api-key', keysFile: './keys.yaml' } },
          server: { identity: ['robots'] },
          reload: { watch: false },
        },
      ),
      { tap: false, files: { 'keys.yaml': await readFile(file, 'utf8') } },
    );
    const { opsUrl } = gateway;
    const wrong = await run('revoke', 'b', '--gateway', opsUrl, '--identity', 'people');
    expect(wrong).toMatchObject({ code: 3 });
    expect(wrong.err).toContain('there is `robots`; the file is as it was');
    expect(await run('revoke', 'b', '--gateway', 'http://127.0.0.1:9')).toMatchObject({ code: 3 });
    expect(await run('revoke', 'b', '--gateway', 'nowhere')).toMatchObject({ code: 3 });
    expect((await written()).map(({ id }) => id)).toEqual(['a', 'b']);
    expect((await revokedAt(gateway)).revocations).toEqual([]);

    const { code, err } = await run('revoke', 'b', '--gateway', opsUrl);
    expect([code, err]).toEqual([
      0,
      `\`b\` is refused at ${opsUrl}: there\na new key called \`b\` would be refused as well: give it another id\nrevoked \`b\`\n`,
    ]);
    expect((await revokedAt(gateway)).revocations).toMatchObject([{ key: 'b', identity: 'robots' }]);
    expect((await written()).map(({ id }) => id)).toEqual(['a']);
    await upstream.close();
  });
});

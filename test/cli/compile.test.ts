import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { compile } from '../../cli/compile.ts';
import { verify } from '../../cli/verify.ts';
import { privateKey, privatePem, publicPem } from '../compiler/artifact/keys.ts';
import { FIXTURES } from '../compiler/fixture.ts';
import { CliProcess } from '../support/cli-process.ts';
import { runCommand } from '../support/run-command.ts';
import { SMALL_CONFIGURATION } from '../support/small-configuration.ts';

const WARNED = `${SMALL_CONFIGURATION}  more: { type: stdio, command: [more] }\n`;
const BAD = SMALL_CONFIGURATION.replace('upstream: files', 'upstream: fiels');

let cwd = '';
beforeEach(() => {
  cwd = realpathSync(mkdtempSync(join(tmpdir(), 'gatewright-compile-')));
  write('key.pem', privatePem(privateKey(1)));
  write('pub.pem', publicPem(privateKey(1)));
  write('other.pub.pem', publicPem(privateKey(2)));
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

const write = (name: string, text: string) => writeFileSync(join(cwd, name), text);
const read = (name: string) => readFileSync(join(cwd, name), 'utf8');

const run = (...args: string[]) => runCommand(compile, args, cwd);

describe('gatewright compile', () => {
  it('writes the artifact beside the configuration and tells its hash', async () => {
    write('gateway.yaml', SMALL_CONFIGURATION);
    const { code, out, err } = await run();
    expect(err).toBe('');
    expect(code).toBe(0);
    const artifact = JSON.parse(read('gateway.artifact.json'));
    expect(out).toBe(`gateway.artifact.json: ${artifact.hash}\n`);
    expect(artifact).toMatchObject({ formatVersion: 1, compilerVersion: expect.stringMatching(/^\d/) });
    expect(readdirSync(cwd).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('writes it to standard output where that is asked for, and nothing else', async () => {
    write('gateway.yaml', SMALL_CONFIGURATION);
    const { out } = await run('-o', '-');
    await run();
    expect(out).toBe(read('gateway.artifact.json'));
    expect(await run('--output', '-', '--sign', 'key.pem')).toMatchObject({ code: 2, out: '' });
  });

  it('writes nothing if there are errors, and leaves what is there', async () => {
    write('gateway.yaml', BAD);
    write('gateway.artifact.json', 'before');
    const { code, out, err } = await run('--sign', 'key.pem');
    expect([code, out]).toEqual([1, '']);
    expect(err).toContain('error[GW2003]');
    expect(read('gateway.artifact.json')).toBe('before');
    expect(existsSync(join(cwd, 'gateway.artifact.json.sig'))).toBe(false);
  });

  it('tells warnings and writes all the same, unless they are denied', async () => {
    write('gateway.yaml', WARNED);
    expect(await run('--deny-warnings')).toMatchObject({ code: 1, out: '' });
    expect(existsSync(join(cwd, 'gateway.artifact.json'))).toBe(false);
    const { code, err } = await run();
    expect(code).toBe(0);
    expect(err).toContain('warning[');
  });

  it('follows a link, keeps the mode of a file that is there, and leaves nothing beside it', async () => {
    write('gateway.yaml', SMALL_CONFIGURATION);
    write('real.json', '');
    chmodSync(join(cwd, 'real.json'), 0o640);
    symlinkSync('real.json', join(cwd, 'link.json'));
    await run('-o', 'link.json');
    expect(JSON.parse(read('real.json')).formatVersion).toBe(1);
    expect(statSync(join(cwd, 'real.json')).mode & 0o777).toBe(0o640);
    expect(readdirSync(cwd).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('writes to a device in place of replacing it', async () => {
    write('gateway.yaml', SMALL_CONFIGURATION);
    expect(await run('-o', '/dev/null')).toMatchObject({ code: 0 });
    expect(statSync('/dev/null').isCharacterDevice()).toBe(true);
  });

  it('does not write over what it compiles', async () => {
    write('gateway.yaml', SMALL_CONFIGURATION);
    mkdirSync(join(cwd, 'sub'));
    symlinkSync('../gateway.yaml', join(cwd, 'sub/other.yaml'));
    for (const output of [
      'gateway.yaml',
      './sub/../gateway.yaml',
      'sub/other.yaml',
      join(cwd, 'gateway.yaml'),
    ]) {
      const { code, err } = await run('-o', output);
      expect(code).toBe(2);
      expect(err).toContain('would be written over `gateway.yaml`');
    }
    expect(read('gateway.yaml')).toBe(SMALL_CONFIGURATION);
  });

  it('does not compile an artifact again', async () => {
    write('gateway.yaml', SMALL_CONFIGURATION);
    await run();
    const before = read('gateway.artifact.json');
    const { code, err } = await run('gateway.artifact.json');
    expect([code, err]).toEqual([2, 'error: `gateway.artifact.json` is compiled already\n']);
    expect(read('gateway.artifact.json')).toBe(before);
  });

  it('says where it cannot write, and exits with 3', async () => {
    write('gateway.yaml', SMALL_CONFIGURATION);
    const { code, err } = await run('-o', 'nowhere/a.json');
    expect(code).toBe(3);
    expect(err).toMatch(/^error: ENOENT/);
    expect(await run('-o', '.')).toMatchObject({ code: 3 });
  });

  it.each([
    [['--nonsense'], 'unknown option'],
    [['a', 'b'], 'unexpected `b`'],
    [['-o', ''], 'needs the name of a file'],
    [['--sign', 'nokey.pem'], '`nokey.pem` cannot be read'],
    [['--sign', 'pub.pem'], 'signing needs the private one'],
    [['--sign', 'gateway.yaml'], 'no key in PEM format'],
  ])('tells what is wrong with the arguments %j, writes nothing and exits with 2', async (args, problem) => {
    write('gateway.yaml', SMALL_CONFIGURATION);
    const { code, out, err } = await run(...args);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(problem);
    expect(existsSync(join(cwd, 'gateway.artifact.json'))).toBe(false);
  });

  it('warns of a signature of before that is left', async () => {
    write('gateway.yaml', SMALL_CONFIGURATION);
    await run('--sign', 'key.pem');
    write('gateway.yaml', `${SMALL_CONFIGURATION}name: other\n`);
    expect((await run()).err).toContain(
      'warning: `gateway.artifact.json.sig` is there and is of another compile',
    );
    expect(await runCommand(verify, ['gateway.artifact.json', '--key', 'pub.pem'], cwd)).toMatchObject({
      code: 1,
    });
  });
});

describe('same input, same bytes', () => {
  const source = join(FIXTURES, 'ok', 'everything');
  const artifactIn = (folder: string) => readFileSync(join(folder, 'out.json'), 'utf8');

  const compileIn = async (folder: string, at: string, main: string): Promise<string> => {
    const out = join(folder, 'out.json');
    expect((await runCommand(compile, [main, '-o', out], at)).code).toBe(0);
    return artifactIn(folder);
  };

  const compileWith = async (env: Readonly<Record<string, string>>, folder: string): Promise<string> => {
    const cli = new CliProcess(['compile', '-o', 'out.json'], { cwd: folder, env });
    expect(await cli.exited()).toBe(0);
    return artifactIn(folder);
  };

  it('wherever the files are, whoever compiles them and when', async () => {
    const here = join(cwd, 'here');
    const there = join(cwd, 'a', 'deep', 'place with blanks');
    for (const folder of [here, there]) cpSync(source, folder, { recursive: true });
    for (const name of readdirSync(there)) utimesSync(join(there, name), 1, 1);
    const first = await compileWith({ TZ: 'UTC', LANG: 'C' }, here);
    const elsewhere = { TZ: 'Asia/Kathmandu', LANG: 'tr_TR.UTF-8', LC_ALL: 'tr_TR.UTF-8', REMOTE_TOKEN: 'x' };
    expect(await compileWith(elsewhere, there)).toBe(first);
    expect(await compileIn(there, cwd, join(there, 'gateway.yaml'))).toBe(first);
    expect(await compileIn(there, join(cwd, 'a'), 'deep/place with blanks/gateway.yaml')).toBe(first);
    expect(await compileIn(there, there, './../place with blanks/gateway.yaml')).toBe(first);
    expect(first).not.toContain(cwd);
  });

  it('of the graph, whatever the order of the keys of any map', async () => {
    const reversed = (value: unknown): unknown =>
      Array.isArray(value)
        ? value.map(reversed)
        : typeof value === 'object' && value !== null
          ? Object.fromEntries(
              Object.entries(value)
                .reverse()
                .map(([key, member]) => [key, reversed(member)]),
            )
          : value;
    const folder = join(cwd, 'here');
    cpSync(source, folder, { recursive: true });
    const first = JSON.parse(await compileIn(folder, folder, 'gateway.yaml'));
    const data = parse(readFileSync(join(folder, 'gateway.yaml'), 'utf8'));
    writeFileSync(join(folder, 'gateway.yaml'), stringify(reversed(data)));
    const second = JSON.parse(await compileIn(folder, folder, 'gateway.yaml'));
    expect(JSON.stringify(second.graph)).toBe(JSON.stringify(first.graph));
    expect([second.hash, second.fingerprints]).toEqual([first.hash, first.fingerprints]);
    expect(second.sources).not.toEqual(first.sources);
  });

  it('names files that the configuration names absolutely by what it says, however itself is named', async () => {
    const keys = join(cwd, 'keys.json');
    writeFileSync(keys, readFileSync(join(source, 'jwks.json')));
    const folder = join(cwd, 'here');
    mkdirSync(folder);
    writeFileSync(
      join(folder, 'gateway.yaml'),
      `${SMALL_CONFIGURATION.replace('anonymous: true', 'identity: [staff]')}identity:
  staff: { type: jwt, issuer: "https://id.example.com", jwksFile: ${keys} }
`,
    );
    const first = await compileIn(folder, folder, 'gateway.yaml');
    expect(await compileIn(folder, cwd, join(folder, 'gateway.yaml'))).toBe(first);
    expect(JSON.parse(first).sources.map(({ path }: { path: string }) => path)).toEqual([
      keys,
      'gateway.yaml',
    ]);
  });
});

describe('gatewright verify', () => {
  const ARTIFACT = 'gateway.artifact.json';
  beforeEach(async () => {
    write('gateway.yaml', SMALL_CONFIGURATION);
    await run('--sign', 'key.pem');
  });
  const runVerify = (...args: string[]) => runCommand(verify, args, cwd);

  it('passes what a trusted key has signed', async () => {
    const { code, out, err } = await runVerify(ARTIFACT, '--key', 'other.pub.pem', '--key', 'pub.pem');
    expect([code, err]).toEqual([0, '']);
    expect(out).toBe(`${ARTIFACT}: ${JSON.parse(read(ARTIFACT)).hash}, whole and signed by a trusted key\n`);
  });

  it('is what openssl says of the documented bytes', async () => {
    const { signature } = JSON.parse(read(`${ARTIFACT}.sig`));
    const { createPublicKey, verify: check } = await import('node:crypto');
    const bytes = Buffer.concat([Buffer.from('gatewright artifact\n'), readFileSync(join(cwd, ARTIFACT))]);
    expect(check(null, bytes, createPublicKey(read('pub.pem')), Buffer.from(signature, 'base64'))).toBe(true);
  });

  it.each([
    ['another key', ['--key', 'other.pub.pem'], () => {}, 'GW6012'],
    ['no signature', ['--key', 'pub.pem'], () => rmSync(join(cwd, `${ARTIFACT}.sig`)), 'GW6010'],
    [
      'a folder as signature',
      ['--key', 'pub.pem'],
      () => {
        rmSync(join(cwd, `${ARTIFACT}.sig`));
        mkdirSync(join(cwd, `${ARTIFACT}.sig`));
      },
      'GW6010',
    ],
    ['an empty signature', ['--key', 'pub.pem'], () => write(`${ARTIFACT}.sig`, ''), 'GW6011'],
    [
      'a changed artifact',
      ['--key', 'pub.pem'],
      () => write(ARTIFACT, read(ARTIFACT).replace('8080', '8081')),
      'GW6013',
    ],
    ['no artifact', ['--key', 'pub.pem'], () => rmSync(join(cwd, ARTIFACT)), 'GW0001'],
    ['a configuration', ['--key', 'pub.pem'], () => write(ARTIFACT, SMALL_CONFIGURATION), 'GW6014'],
  ] as const)('fails with %s', async (_, args, spoil, code) => {
    spoil();
    const result = await runVerify(ARTIFACT, ...args);
    expect([result.code, result.out]).toEqual([1, '']);
    expect(result.err).toContain(`error[${code}]`);
  });

  it('fails with an artifact that is signed and is none', async () => {
    write(ARTIFACT, read(ARTIFACT).replace('"at":[', '"at":{'));
    const { signArtifact } = await import('../../compiler/artifact/signature.ts');
    write(`${ARTIFACT}.sig`, signArtifact(readFileSync(join(cwd, ARTIFACT)), privateKey(1)));
    const { code, err } = await runVerify(ARTIFACT, '--key', 'pub.pem');
    expect(code).toBe(1);
    expect(err).toContain('error[GW6001]');
  });

  it.each([
    [[ARTIFACT], 'name a key that you trust'],
    [['--key', 'pub.pem'], 'name an artifact'],
    [[ARTIFACT, 'b', '--key', 'pub.pem'], 'unexpected `b`'],
    [[ARTIFACT, '--key', 'key.pem'], 'keep it secret'],
    [[ARTIFACT, '--key', 'none.pem'], 'cannot be read'],
    [[ARTIFACT, '--key', 'pub.pem', '--key', 'gateway.yaml'], '`gateway.yaml` is no key'],
  ])('tells what is wrong with the arguments %j and exits with 2', async (args, problem) => {
    const { code, out, err } = await runVerify(...args);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(problem);
  });
});

import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { compile } from '../../cli/compile.ts';
import { run as runGateway } from '../../cli/run.ts';
import { privateKey, privatePem, publicPem } from '../compiler/artifact/keys.ts';
import { CliProcess } from '../support/cli-process.ts';
import { secretConfiguration } from '../support/named-configuration.ts';
import { runCommand } from '../support/run-command.ts';

let folder: string;
const started: CliProcess[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gatewright-run-artifact-'));
  await write('key.pem', privatePem(privateKey(1)));
  await write('other.pem', privatePem(privateKey(2)));
  await write('pub.pem', publicPem(privateKey(1)));
});

afterEach(async () => {
  await Promise.all(started.splice(0).map((cli) => cli.close()));
  await rm(folder, { recursive: true });
});

const at = (name: string) => join(folder, name);
const write = (name: string, text: string) => writeFile(at(name), text);
const read = (name: string) => readFile(at(name), 'utf8');

/** Compiles a configuration of this name to `output`; the hash. */
const compileTo = async (output: string, name: string, ...args: string[]): Promise<string> => {
  await write('gateway.yaml', secretConfiguration(name));
  const { code, err } = await runCommand(compile, ['-o', output, ...args], folder);
  expect([code, err]).toEqual([0, '']);
  return JSON.parse(await read(output)).hash;
};

const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}): CliProcess => {
  const cli = new CliProcess(['run', ...args], { cwd: folder, env });
  started.push(cli);
  return cli;
};

/** A start that comes to nothing, in this process. */
const refused = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  runCommand(runGateway, args, folder, { env });

const opsOf = async (cli: CliProcess): Promise<string> =>
  (await cli.seen(/\(operations\) +(http:\/\/127\.0\.0\.1:\d+)/))[1]!;

interface Status {
  readonly artifactHash: string;
  readonly condition: string;
}
const statusOf = async (cli: CliProcess): Promise<Status> =>
  (await (await fetch(`${await opsOf(cli)}/-/status`)).json()) as Status;
const reload = async (cli: CliProcess): Promise<{ readonly result: string }> =>
  (await (await fetch(`${await opsOf(cli)}/-/reload`, { method: 'POST' })).json()) as {
    readonly result: string;
  };

const applied = (hash: string) => new RegExp(`"result":"applied"[^\\n]*"artifactHash":"${hash}"`);

describe('gatewright run with an artifact', () => {
  beforeEach(() => write('token', 'secret'));

  it('serves it as the configuration it was compiled from, and what replaces it', async () => {
    const hash = await compileTo('a.json', 'one');
    await rm(at('gateway.yaml'));
    const cli = run(['a.json']);
    expect(await statusOf(cli)).toMatchObject({ artifactHash: hash, condition: 'good' });
    const next = await compileTo('b.json', 'two');
    await rename(at('b.json'), at('a.json'));
    await cli.seen(applied(next));
    expect((await statusOf(cli)).artifactHash).toBe(next);
  });

  it('resolves files of references from the folder of the artifact, and loads them again when they change', async () => {
    await mkdir(at('deployed'));
    await compileTo('deployed/a.json', 'one');
    const without = run(['deployed/a.json']);
    expect(await without.exited()).toBe(1);
    expect(without.err).toContain('needs `${file:./token}`: the file does not exist');
    await write('deployed/token', 'secret');
    const cli = run(['deployed/a.json']);
    await cli.seen(/Ctrl-C/);
    await write('deployed/token', 'other secret');
    await cli.seen(/"result":"applied","cause":"watch"/);
  });

  it('serves nothing of an artifact that was changed, and serves on what was there before', async () => {
    const hash = await compileTo('a.json', 'one');
    const cli = run(['a.json']);
    await opsOf(cli);
    await write('a.json', (await read('a.json')).replace('127.0.0.1:9', '127.0.0.1:8'));
    await cli.seen(/"result":"rejected"[^\n]*GW6005/);
    expect((await statusOf(cli)).artifactHash).toBe(hash);
  });
});

describe('gatewright run where a signature is required', () => {
  beforeEach(() => write('token', 'secret'));
  const REQUIRED = ['--require-signature', '--key', 'pub.pem'];

  it('serves what a trusted key has signed, and the next one once its signature has come', async () => {
    await compileTo('a.json', 'one', '--sign', 'key.pem');
    const cli = run(['a.json', ...REQUIRED]);
    await opsOf(cli);
    const next = await compileTo('b.json', 'two', '--sign', 'key.pem');
    await rename(at('b.json'), at('a.json'));
    await cli.seen(/"result":"rejected"[^\n]*GW6013/);
    await rename(at('b.json.sig'), at('a.json.sig'));
    await cli.seen(applied(next));
  });

  it('keeps serving when signature or artifact go, and when another key signs', async () => {
    const hash = await compileTo('a.json', 'one', '--sign', 'key.pem');
    const cli = run(['a.json', ...REQUIRED]);
    await opsOf(cli);
    await rm(at('a.json.sig'));
    await cli.seen(/"result":"rejected"[^\n]*GW6010/);
    await compileTo('a.json', 'two', '--sign', 'other.pem');
    await cli.seen(/"result":"rejected"[^\n]*GW6012/);
    expect(await reload(cli)).toMatchObject({ result: 'rejected' });
    await write('a.json', secretConfiguration('three'));
    await cli.seen(/"result":"rejected"[^\n]*GW6014/);
    expect(await statusOf(cli)).toMatchObject({ artifactHash: hash, condition: 'good' });
  });

  it.each([
    ['a configuration', ['gateway.yaml', ...REQUIRED], {}, 'GW6014'],
    ['what nobody has signed', ['a.json', ...REQUIRED], {}, 'GW6010'],
    [
      'what nobody has signed, if the environment names a key',
      ['a.json'],
      { GATEWRIGHT_TRUSTED_KEYS: 'pub.pem' },
      'GW6010',
    ],
  ] as const)('serves nothing of %s', async (_, [file, ...args], env, problem) => {
    await compileTo('a.json', 'one');
    const { code, out, err } = await refused([at(file), ...args], env);
    expect([code, out]).toEqual([1, '']);
    expect(err).toContain(`error[${problem}]`);
  });

  it.each([
    [['--require-signature'], {}, 'name a key that you trust'],
    [['--key', 'pub.pem'], {}, '`--key` means nothing without `--require-signature`'],
    [['--require-signature', '--key', 'key.pem'], {}, 'keep it secret'],
    [['--require-signature', '--key', 'none.pem'], {}, '`none.pem` cannot be read'],
    [[], { GATEWRIGHT_TRUSTED_KEYS: '' }, 'name a key that you trust'],
    [[], { GATEWRIGHT_TRUSTED_KEYS: 'pub.pem:none.pem' }, '`none.pem` cannot be read'],
    [['--last-known-good'], {}, 'needs `--state`'],
    [['--state', ''], {}, 'needs the name of a folder'],
    [['--state', 's', '--keep', '0'], {}, '`--keep` is a number'],
    [['--state', 's', '--keep', 'many'], {}, '`--keep` is a number'],
  ] as const)('refuses to start with %j and %j, exit code 2', async (args, env, problem) => {
    await write('gateway.yaml', secretConfiguration('one'));
    const { code, out, err } = await refused([at('gateway.yaml'), ...args], env);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(problem);
  });

  it('holds a client that starts `gatewright stdio` to it too', async () => {
    await write('gateway.yaml', secretConfiguration('one'));
    const cli = new CliProcess(['stdio', 'tools'], {
      cwd: folder,
      env: { GATEWRIGHT_TRUSTED_KEYS: 'pub.pem' },
    });
    started.push(cli);
    expect(await cli.exited()).toBe(1);
    expect(cli.err).toContain('error[GW6014]');
  });
});

describe('gatewright run --last-known-good', () => {
  beforeEach(() => write('token', 'secret'));

  it('starts from what was served last only when asked to, says so loudly, and goes over to the file once it is right', async () => {
    await write('gateway.yaml', secretConfiguration('one'));
    const before = run(['--state', 'state']);
    const { artifactHash } = await statusOf(before);
    before.child.kill('SIGTERM');
    expect(await before.exited()).toBe(0);
    await write('gateway.yaml', secretConfiguration('two').replace('anonymous', 'anonymus'));
    expect(await refused([at('gateway.yaml'), '--state', at('state')])).toMatchObject({ code: 1, out: '' });

    const cli = run(['--state', 'state', '--last-known-good']);
    expect(await statusOf(cli)).toMatchObject({ artifactHash, condition: 'degraded' });
    await cli.seen(/error\[GW1001\]/);
    await cli.seen(new RegExp(`the last good artifact ${artifactHash} serves`));
    await cli.seen(/"level":"error"[^\n]*the last good one serves/);
    const ops = await opsOf(cli);
    expect(await (await fetch(`${ops}/metrics`)).text()).toContain('gatewright_config_fallback 1\n');
    expect(await (await fetch(`${ops}/-/ready`)).json()).toMatchObject({
      ready: true,
      condition: 'degraded',
    });

    await write('gateway.yaml', secretConfiguration('two'));
    await cli.seen(/"result":"applied","cause":"watch"/);
    expect((await statusOf(cli)).condition).toBe('good');
    expect(await (await fetch(`${ops}/metrics`)).text()).toContain('gatewright_config_fallback 0\n');
  }, 60_000);
});

import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { compile } from '../../cli/compile.ts';
import { run as runGateway } from '../../cli/run.ts';
import { privateKey, privatePem, publicPem } from '../compiler/artifact/keys.ts';
import { ArtifactServer, type Behaviour } from '../support/artifact-server.ts';
import { makeCertificate } from '../support/certificate.ts';
import { CliProcess } from '../support/cli-process.ts';
import { freePort } from '../support/free-port.ts';
import { secretConfiguration } from '../support/named-configuration.ts';
import { type OciDescriptor, putFile, putIndex, putManifest } from '../support/oci-layout.ts';
import { runCommand } from '../support/run-command.ts';

const PATH = '/gateway.artifact.json';
const SIGNATURE_PATH = `${PATH}.sig`;
const REQUIRED = ['--require-signature', '--key', 'pub.pem'];
const OFTEN = ['--poll', '100ms'];
const DEADLINE_MS = 30_000;
const TIMEOUT_MS = 90_000;

const CERTIFICATE = makeCertificate('configuration');

let folder: string;
let server: ArtifactServer;
const started: CliProcess[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gatewright-run-elsewhere-'));
  await write('key.pem', privatePem(privateKey(1)));
  await write('other.pem', privatePem(privateKey(2)));
  await write('pub.pem', publicPem(privateKey(1)));
  await write('ca.pem', CERTIFICATE.certificate);
  await write('token', 'secret');
  server = new ArtifactServer(CERTIFICATE);
  // It comes back to where it was.
  await server.listen(await freePort());
});

afterEach(async () => {
  await Promise.all(started.splice(0).map((cli) => cli.close()));
  await server.close();
  await rm(folder, { recursive: true });
});

const at = (name: string) => join(folder, name);
const write = (name: string, text: string) => writeFile(at(name), text);

interface Compiled {
  readonly hash: string;
  readonly text: string;
  readonly signature: string;
}

const compiled = async (name: string, key = 'key.pem'): Promise<Compiled> => {
  await write('source.yaml', secretConfiguration(name));
  const args = ['source.yaml', '-o', 'a.json', '--sign', key];
  expect((await runCommand(compile, args, folder)).code).toBe(0);
  const [text, signature] = [await readFile(at('a.json'), 'utf8'), await readFile(at('a.json.sig'), 'utf8')];
  return { hash: JSON.parse(text).hash, text, signature };
};

const publish = ({ text, signature }: Compiled): void => {
  server.files.set(PATH, text).set(SIGNATURE_PATH, signature);
};

const run = (...args: string[]): CliProcess => {
  const cli = new CliProcess(['run', ...args], { cwd: folder, env: { NODE_EXTRA_CA_CERTS: at('ca.pem') } });
  started.push(cli);
  return cli;
};
const runServer = (...args: string[]) => run(server.url(PATH), ...REQUIRED, ...args);

const opsOf = async (cli: CliProcess): Promise<string> =>
  (await cli.seen(/\(operations\) +(http:\/\/127\.0\.0\.1:\d+)/))[1]!;

interface Status {
  readonly artifactHash: string;
  readonly condition: string;
  readonly source: { readonly condition: string; readonly failures: number; readonly problem?: string };
}
const statusOf = async (cli: CliProcess): Promise<Status> =>
  (await (await fetch(`${await opsOf(cli)}/-/status`)).json()) as Status;
const metricsOf = async (cli: CliProcess) => await (await fetch(`${await opsOf(cli)}/metrics`)).text();
const reload = async (cli: CliProcess): Promise<Readonly<Record<string, unknown>>> =>
  (await (await fetch(`${await opsOf(cli)}/-/reload`, { method: 'POST' })).json()) as Readonly<
    Record<string, unknown>
  >;

/** Waits until what is asked for says so. */
const until = async <T>(ask: () => T | Promise<T>, isRight: (value: T) => boolean): Promise<T> => {
  for (const startedMs = performance.now(); ; ) {
    const value = await ask();
    if (isRight(value)) return value;
    if (performance.now() - startedMs > DEADLINE_MS) throw new Error(`still ${JSON.stringify(value)}`);
    await sleep(20);
  }
};

const applied = (hash: string) => new RegExp(`"result":"applied"[^\\n]*"artifactHash":"${hash}"`);
const countOf = (text: string, part: string): number => text.split(part).length - 1;

/** How often the log says something, once it has said it often enough. */
const told = (cli: CliProcess, text: string, least: number): Promise<number> =>
  until(
    () => countOf(cli.err, text),
    (count) => count >= least,
  );

const AWAY = 'the configuration cannot be fetched: what serves serves on';
const BACK = 'the configuration can be fetched again';

describe('gatewright run https://…', () => {
  it(
    'serves what is published there, then what replaces it, and answers of 304 cost nothing',
    async () => {
      const one = await compiled('one');
      publish(one);
      const cli = runServer(...OFTEN);
      expect(await statusOf(cli)).toMatchObject({ artifactHash: one.hash, source: { condition: 'reached' } });
      expect(cli.out).toContain('publish a change and it is served');
      const unchanged = () => server.answers.filter((answer) => answer === `304 ${PATH}`).length;
      await until(unchanged, (count) => count >= 5);
      expect(server.answers.filter((answer) => answer.startsWith('200'))).toHaveLength(2);
      expect(countOf(cli.err, '"cause":')).toBe(1);
      expect(await metricsOf(cli)).toMatch(/^gatewright_config_reloads_total\{result="unchanged"\} 0$/m);
      const two = await compiled('two');
      publish(two);
      await cli.seen(applied(two.hash));
    },
    TIMEOUT_MS,
  );

  it(
    'serves on, and says so once, whatever the server does, and goes over to the next when it is well',
    async () => {
      const one = await compiled('one');
      publish(one);
      const cli = runServer(...OFTEN, '--state', 'state');
      await opsOf(cli);
      const two = await compiled('two');
      const behaviours: Behaviour[] = ['failing', 'hanging', 'truncated', 'endless', 'moved'];
      for (const [index, behaviour] of behaviours.entries()) {
        server.behaviour = behaviour;
        const next = index % 2 === 0 ? two : one;
        publish(next);
        const away = await until(
          () => statusOf(cli),
          ({ source }) => source.failures >= 2,
        );
        expect(away).toMatchObject({ condition: 'good', source: { condition: 'away' } });
        expect(away.artifactHash).not.toBe(next.hash);
        expect(await metricsOf(cli)).toContain('gatewright_config_source_up 0\n');
        expect(await told(cli, AWAY, index + 1)).toBe(index + 1);
        expect(await reload(cli)).toMatchObject({ result: 'failed', artifactHash: away.artifactHash });
        server.behaviour = 'good';
        // Who fetches it first, this or a poll, is open.
        expect(await reload(cli)).toMatchObject({ artifactHash: next.hash });
        expect(await told(cli, BACK, index + 1)).toBe(index + 1);
      }
      expect(await metricsOf(cli)).toContain('gatewright_config_source_up 1\n');
    },
    TIMEOUT_MS,
  );

  it(
    'takes no artifact with a wrong signature, another key, or the signature of another one, and one whose signature comes late',
    async () => {
      const one = await compiled('one');
      publish(one);
      const cli = runServer(...OFTEN);
      await opsOf(cli);
      const two = await compiled('two');
      publish({ ...two, signature: one.signature });
      await cli.seen(/"result":"rejected"[^\n]*GW6013/);
      publish({ ...two, signature: 'none' });
      await cli.seen(/"result":"rejected"[^\n]*GW6011/);
      publish(await compiled('two', 'other.pem'));
      await cli.seen(/"result":"rejected"[^\n]*GW6012/);
      server.files.set(PATH, secretConfiguration('two'));
      await cli.seen(/"result":"rejected"[^\n]*GW6014/);
      expect((await statusOf(cli)).artifactHash).toBe(one.hash);
      server.files.set(PATH, two.text).delete(SIGNATURE_PATH);
      await cli.seen(/"result":"rejected"[^\n]*GW6010/);
      publish(two);
      await cli.seen(applied(two.hash));
    },
    TIMEOUT_MS,
  );

  it(
    'fetches at once at SIGHUP and POST /-/reload, and tells of an artifact older than the one before',
    async () => {
      publish(await compiled('one'));
      server.modifiedAt = 'Tue, 02 Jun 2026 00:00:00 GMT';
      const cli = runServer('--poll', '1d');
      const ops = await opsOf(cli);
      const two = await compiled('two');
      publish(two);
      server.modifiedAt = 'Mon, 01 Jun 2026 00:00:00 GMT';
      expect(await reload(cli)).toMatchObject({ result: 'applied', artifactHash: two.hash });
      await cli.seen(/the configuration that serves now is older than the one before/);
      const { source } = (await (await fetch(`${ops}/-/status`)).json()) as { readonly source: unknown };
      expect(source).toMatchObject({ isOlder: true, publishedAt: '2026-06-01T00:00:00.000Z' });
      const three = await compiled('three');
      publish(three);
      cli.child.kill('SIGHUP');
      await cli.seen(applied(three.hash));
    },
    TIMEOUT_MS,
  );

  it(
    'starts without its server only from the last good artifact, says so, and goes over once the server is there',
    async () => {
      const one = await compiled('one');
      publish(one);
      const kept = ['--state', 'state', '--last-known-good', ...OFTEN];
      const before = runServer(...kept);
      await opsOf(before);
      before.child.kill('SIGTERM');
      expect(await before.exited()).toBe(0);
      const { port } = server;
      const url = server.url(PATH);
      await server.close();

      const without = run(url, ...REQUIRED, '--state', 'state');
      expect(await without.exited()).toBe(1);
      expect(without.err).toContain(`error: ${url} cannot be fetched:`);

      const cli = run(url, ...REQUIRED, ...kept);
      expect(await statusOf(cli)).toMatchObject({
        artifactHash: one.hash,
        condition: 'degraded',
        source: { condition: 'away' },
      });
      await cli.seen(new RegExp(`the last good artifact ${one.hash} serves`));
      const two = await compiled('two');
      server = new ArtifactServer(CERTIFICATE);
      publish(two);
      await server.listen(port);
      await cli.seen(applied(two.hash));
      expect(await statusOf(cli)).toMatchObject({ condition: 'good', source: { condition: 'reached' } });
    },
    TIMEOUT_MS,
  );

  it(
    'believes no server whose certificate no known authority vouches for',
    async () => {
      publish(await compiled('one'));
      const cli = new CliProcess(['run', server.url(PATH), ...REQUIRED], {
        cwd: folder,
        env: { NODE_TLS_REJECT_UNAUTHORIZED: '0' },
      });
      started.push(cli);
      expect(await cli.exited()).toBe(1);
      expect(cli.err).toContain('self-signed certificate');
      expect(server.answers).toEqual([]);
    },
    TIMEOUT_MS,
  );

  it(
    'finds files of references in --base, and loads them again when they change',
    async () => {
      await mkdir(at('secrets'));
      await rm(at('token'));
      await write('secrets/token', 'secret');
      publish(await compiled('one'));
      const without = runServer();
      expect(await without.exited()).toBe(1);
      expect(without.err).toContain('needs `${file:./token}`: the file does not exist');
      const cli = runServer('--base', 'secrets');
      await opsOf(cli);
      await write('secrets/token', 'other');
      await cli.seen(/"result":"applied","cause":"watch"/);
    },
    TIMEOUT_MS,
  );
});

describe('gatewright run with an OCI layout or a git repository', () => {
  it(
    'serves the artifact at a tag, and the next one that is put there; blobs that were changed are not served',
    async () => {
      const layout = at('layout');
      const put = async (
        { text, signature }: Compiled,
        whileUnlisted?: (artifact: OciDescriptor) => Promise<void>,
      ) => {
        const layers = [
          await putFile(layout, 'gateway.artifact.json', text),
          await putFile(layout, 'gateway.artifact.json.sig', signature),
        ];
        const manifest = await putManifest(layout, layers, { tag: 'prod' });
        await whileUnlisted?.(layers[0]!);
        await putIndex(layout, [manifest]);
      };
      const one = await compiled('one');
      await put(one);
      const cli = run('oci:layout:prod', ...REQUIRED, ...OFTEN);
      expect((await statusOf(cli)).artifactHash).toBe(one.hash);
      const two = await compiled('two');
      await put(two);
      await cli.seen(applied(two.hash));
      await put(await compiled('three'), async ({ digest }) => {
        const blob = join('layout/blobs/sha256', digest.slice('sha256:'.length));
        await write(blob, (await readFile(at(blob), 'utf8')).replace('three', 'thref'));
      });
      await cli.seen(/other bytes than its digest says/);
      expect((await statusOf(cli)).artifactHash).toBe(two.hash);
    },
    TIMEOUT_MS,
  );

  it(
    'serves what is committed, with what it includes, and what is committed next',
    async () => {
      const git = (...args: string[]) =>
        execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...args], {
          cwd: at('repository'),
        });
      await mkdir(at('repository/deploy'), { recursive: true });
      git('init', '-qb', 'main');
      const commit = async (name: string) => {
        await write('repository/deploy/more.yaml', secretConfiguration(name).replace('version: 1\n', ''));
        await write('repository/deploy/gateway.yaml', 'version: 1\ninclude: [./more.yaml]\n');
        git('add', '.');
        git('commit', '-qm', name);
      };
      await commit('one');
      const cli = run('git:repository:main:deploy/gateway.yaml', ...OFTEN);
      const { artifactHash } = await statusOf(cli);
      await write('repository/deploy/more.yaml', 'not committed');
      await commit('two');
      await cli.seen(/"result":"applied","cause":"watch"/);
      expect((await statusOf(cli)).artifactHash).not.toBe(artifactHash);
      git('branch', '-qm', 'main', 'gone');
      await cli.seen(new RegExp(AWAY));
      git('branch', '-qm', 'gone', 'main');
      await cli.seen(new RegExp(BACK));
    },
    TIMEOUT_MS,
  );
});

describe('gatewright run with an address', () => {
  it.each([
    [['https://example.com/a.json'], 'must be signed'],
    [['oci:layout'], 'must be signed'],
    [['http://example.com/a.json', ...REQUIRED], 'neither https nor http on a loopback address'],
    [['https://u:p@example.com/a.json', ...REQUIRED], 'ends up in logs'],
    [['https://example.com/a.json', ...REQUIRED, '--overlay', 'b.yaml'], 'takes no overlay'],
    [['git:.:a', '--poll', '10ms'], '`--poll` is a duration'],
    [['git:.:a', '--poll', 'often'], '`--poll` is a duration'],
    [['git:.:a', '--base', ''], '`--base` needs the name of a folder'],
    [['git:.'], '`git:` is followed by'],
    [['gateway.yaml', '--poll', '10s'], 'are for a configuration from elsewhere'],
    [['gateway.yaml', '--base', '.'], 'are for a configuration from elsewhere'],
  ])('refuses %j, exit code 2', async (args, problem) => {
    const { code, err } = await runCommand(runGateway, args, folder);
    expect(code).toBe(2);
    expect(err).toContain(problem);
  });
});

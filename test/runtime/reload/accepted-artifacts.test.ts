import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { signArtifact } from '../../../compiler/artifact/signature.ts';
import { verifyingKeyOf } from '../../../compiler/artifact/signing-key.ts';
import { compile } from '../../../compiler/compile.ts';
import { emitArtifact } from '../../../compiler/emit/artifact.ts';
import type { GatewayOptions } from '../../../runtime/gateway-options.ts';
import { type Gateway, startGateway } from '../../../runtime/main.ts';
import { NotStarted } from '../../../runtime/reload/not-started.ts';
import { privateKey } from '../../compiler/artifact/keys.ts';
import { namedConfiguration } from '../../support/named-configuration.ts';

let folder: string;
const running: Gateway[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gatewright-accepted-'));
});

afterEach(async () => {
  await Promise.all(running.splice(0).map((gateway) => gateway.close(0)));
  await rm(folder, { recursive: true });
});

const at = (name: string) => join(folder, name);
const write = (name: string, text: string) => writeFile(at(name), text);
const read = (name: string) => readFile(at(name), 'utf8');

const artifactOf = (name: string): string => {
  const { compiled, places } = compile({
    main: 'gateway.yaml',
    read: (path) => (path === 'gateway.yaml' ? Buffer.from(namedConfiguration(name)) : undefined),
  });
  return emitArtifact({ compiled: compiled!, places: places(), compilerVersion: '0.1.0' });
};

const start = async (
  options: Partial<GatewayOptions> & { readonly count?: number } = {},
): Promise<Gateway> => {
  const { count = 5, ...rest } = options;
  const gateway = await startGateway({
    file: at('gateway.yaml'),
    env: {},
    version: '0.1.0',
    logTo: at('log'),
    state: { folder: at('state'), count, startFromLast: true },
    ...rest,
  });
  running.push(gateway);
  return gateway;
};

/** Starts and ends one with this configuration; its hash. */
const served = async (name: string, options: Partial<GatewayOptions> = {}): Promise<string> => {
  await write('gateway.yaml', namedConfiguration(name));
  const gateway = await start(options);
  const { artifactHash } = gateway.lastReload!;
  await gateway.close(0);
  return artifactHash;
};

interface Status {
  readonly artifactHash: string;
  readonly condition: string;
}
const statusOf = async ({ opsUrl }: Gateway): Promise<Status> =>
  (await (await fetch(`${opsUrl}/-/status`)).json()) as Status;

const kept = async (): Promise<readonly string[]> =>
  JSON.parse(await read('state/accepted.json')).accepted.map(({ hash }: { hash: string }) => hash);

describe('artifacts that were served', () => {
  it('are kept, the newest of them, readable to nobody else', async () => {
    await write('gateway.yaml', namedConfiguration('one'));
    const gateway = await start({ count: 2 });
    const hashes: string[] = [];
    for (const name of ['two', 'three', 'four']) {
      await write('gateway.yaml', namedConfiguration(name));
      const { result, artifactHash } = await gateway.reload();
      expect(result).toBe('applied');
      hashes.unshift(artifactHash);
    }
    await gateway.close(0);
    expect(await kept()).toEqual(hashes.slice(0, 2));
    const files = await readdir(at('state'));
    expect(files.sort()).toEqual(['accepted.json', `${hashes[0]}.json`, `${hashes[1]}.json`].sort());
    expect((await stat(at('state'))).mode & 0o777).toBe(0o700);
    for (const name of files) expect((await stat(at(`state/${name}`))).mode & 0o777).toBe(0o600);
  });

  it('can be served again as any artifact', async () => {
    const first = await served('one');
    await served('two');
    const gateway = await start({ file: at(`state/${first}.json`) });
    expect(await statusOf(gateway)).toMatchObject({ artifactHash: first, condition: 'good' });
  });

  it('come to the front when they are served again', async () => {
    const first = await served('one');
    const second = await served('two');
    await served('one');
    expect(await kept()).toEqual([first, second]);
  });

  it('are rid of what an end in the middle of writing has left, and of nothing else', async () => {
    const hash = await served('one');
    const stranger = 'f'.repeat(64);
    await write(`state/${stranger}.json`, '');
    await write(`state/.${hash}.json.0123456789ab.tmp`, '');
    await write('state/notes.txt', 'mine');
    await served('two');
    const files = await readdir(at('state'));
    expect(files).toContain('notes.txt');
    expect(files.filter((name) => name.includes(stranger) || name.endsWith('.tmp'))).toEqual([]);
  });

  it('serve while the file is broken, until it comes back, be it as it was', async () => {
    const hash = await served('one');
    await rm(at('gateway.yaml'));
    const gateway = await start();
    expect(await statusOf(gateway)).toMatchObject({ artifactHash: hash, condition: 'degraded' });
    await write('gateway.yaml', 'nonsense: 1\n');
    expect((await gateway.reload()).result).toBe('rejected');
    expect((await statusOf(gateway)).condition).toBe('degraded');
    await write('gateway.yaml', namedConfiguration('one'));
    await expect.poll(async () => (await statusOf(gateway)).condition, { timeout: 10_000 }).toBe('good');
    expect(gateway.lastReload?.result).toBe('unchanged');
  });

  it('serve nothing where the file is right and cannot be served', async () => {
    await served('one');
    await write('gateway.yaml', `${namedConfiguration('two')}sealing: { keys: ["\${env:NOT_SET}"] }\n`);
    await expect(start()).rejects.toThrow(NotStarted);
  });

  it.each([
    [
      'the list is damaged',
      (hash: string) => write('state/accepted.json', `{"accepted":["${hash}"]`),
      'is no list',
    ],
    [
      'the list is of another format',
      () => write('state/accepted.json', '{"accepted":[],"formatVersion":2}'),
      'is no list',
    ],
    [
      'the list names a path',
      () => write('state/accepted.json', '{"accepted":[{"at":"","hash":"../x"}],"formatVersion":1}'),
      'is no list',
    ],
    ['the artifact is damaged', (hash: string) => write(`state/${hash}.json`, '{"graph":'), 'GW6001'],
    ['the artifact is gone', (hash: string) => rm(at(`state/${hash}.json`)), 'GW0001'],
    [
      'the artifact is another',
      (hash: string) => write(`state/${hash}.json`, artifactOf('another')),
      'holds another graph',
    ],
    ['nothing was kept', () => rm(at('state'), { recursive: true }), 'none is kept'],
  ])('are not started from if %s', async (_, spoil, problem) => {
    const hash = await served('one');
    await spoil(hash);
    await write('gateway.yaml', 'version: 1\n');
    await expect(start()).rejects.toThrow(NotStarted);
    expect(await read('log')).toContain(problem);
  });

  it('keep their signature, and are not started from without it where one is required', async () => {
    const KEY = privateKey(1);
    const trust = [verifyingKeyOf(KEY)];
    const text = artifactOf('one');
    await write('a.json', text);
    await write('a.json.sig', signArtifact(Buffer.from(text), KEY));
    const options = { file: at('a.json'), trust };
    const first = await start(options);
    const { artifactHash } = first.lastReload!;
    await first.close(0);
    expect(await read(`state/${artifactHash}.json.sig`)).toBe(await read('a.json.sig'));
    await write('a.json', 'cut off');
    const last = await start(options);
    expect(await statusOf(last)).toMatchObject({ artifactHash, condition: 'degraded' });
    await last.close(0);
    await write(`state/${artifactHash}.json.sig`, signArtifact(Buffer.from(text), privateKey(2)));
    await expect(start(options)).rejects.toThrow(NotStarted);
    await rm(at(`state/${artifactHash}.json.sig`));
    await expect(start(options)).rejects.toThrow(NotStarted);
    const log = await read('log');
    expect(log).toContain('GW6012');
    expect(log).toContain('GW6010');
  });

  it('that cannot be kept hurt nobody: it is served, logged and counted', async () => {
    await write('gateway.yaml', namedConfiguration('one'));
    await write('state', 'a file where the folder should be');
    const gateway = await start();
    const metrics = async () => (await fetch(`${gateway.opsUrl}/metrics`)).text();
    await expect.poll(metrics).toContain('gatewright_config_keep_failures_total 1\n');
    await rm(at('state'));
    await write('gateway.yaml', namedConfiguration('two'));
    expect((await gateway.reload()).result).toBe('applied');
    await gateway.close(0);
    expect(await kept()).toHaveLength(1);
    expect(await read('log')).toContain('could not be kept');
  });

  it('stay as they were where the next one cannot be written whole', async () => {
    const hash = await served('one');
    const next = JSON.parse(artifactOf('two')).hash;
    await mkdir(at(`state/${next}.json.sig`));
    await write(`state/${next}.json.sig/x`, '');
    await served('two');
    expect(await read('log')).toContain('could not be kept');
    expect(await kept()).toEqual([hash]);
    await write('gateway.yaml', 'broken');
    expect(await statusOf(await start())).toMatchObject({ artifactHash: hash, condition: 'degraded' });
  });
});

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { configuration } from '../support/configuration.ts';
import type { FastUpstream } from '../support/fast-upstream.ts';
import { toolNames } from '../support/modern-client.ts';
import { StartedGateway } from '../support/started-gateway.ts';
import { startToolUpstream } from '../support/tool-upstream.ts';

// Reloads are many, and each compiles.
vi.setConfig({ testTimeout: 60_000 });

let upstream: FastUpstream;
beforeAll(async () => {
  upstream = await startToolUpstream('tracker', ['get_issue']);
});
afterAll(() => upstream.close());

const marked = (prefix: string): string =>
  configuration({ tracker: upstream.url }, { expose: [{ upstream: 'tracker', prefix }] });

const reload = async (gateway: StartedGateway) => {
  const { status, diagnostics } = await gateway.reload();
  return [status, ...diagnostics.map(({ code, message }) => `${code} ${message.replace(/`.*`/, '…')}`)];
};

const IN_ITS_PLACE: readonly (readonly [string, (file: string) => unknown, string])[] = [
  ['a folder', (file) => mkdir(file), 'it is a folder'],
  ['a pipe that nobody writes to', (file) => execFileSync('mkfifo', [file]), 'it is no regular file'],
  ['a link to a device without end', (file) => symlink('/dev/zero', file), 'it is no regular file'],
  ['a link to itself', (file) => symlink(file, file), 'it is a link that leads in a circle'],
  ['nothing', () => undefined, 'it does not exist'],
  [
    'a file that has grown to 200 MB',
    async (file) => {
      await writeFile(file, 'version: 1\n');
      await truncate(file, 200_000_000);
    },
    'it has more than 16 MiB',
  ],
];

describe('in the place of gateway.yaml', () => {
  let gateway: StartedGateway;
  beforeAll(async () => {
    gateway = await StartedGateway.start(marked('b_'));
  });
  afterAll(() => gateway[Symbol.asyncDispose]());

  it.each(IN_ITS_PLACE)('%s is told as what it is, and what serves serves on', async (_name, put, reason) => {
    expect((await gateway.load(marked('a_'))).status).toBe(200);
    await rm(gateway.file);
    await put(gateway.file);
    expect(await reload(gateway)).toEqual([422, `GW0001 … cannot be read: ${reason}`]);
    expect(await toolNames(gateway.url)).toEqual(['a_get_issue']);
    await rm(gateway.file, { recursive: true, force: true });
    await writeFile(gateway.file, marked('b_'));
    await expect.poll(() => toolNames(gateway.url), { timeout: 30_000 }).toEqual(['b_get_issue']);
  });

  it.skipIf(process.getuid?.() === 0)('a file that may not be read is told as such', async () => {
    await chmod(gateway.file, 0o000);
    expect(await reload(gateway)).toEqual([
      422,
      'GW0001 … cannot be read: it may not be read by this process',
    ]);
  });
});

/** Makes the path by turns one thing after the other, as fast as it can, until it is ended. */
const FLIPPER = `
const { execFileSync } = require('node:child_process');
const { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } = require('node:fs');
const [file, whole] = process.argv.slice(1);
const at = (name) => file + '.' + name;
execFileSync('mkfifo', [at('pipe')]);
mkdirSync(at('folder'));
writeFileSync(at('half'), whole.slice(0, whole.length / 2));
writeFileSync(at('huge'), Buffer.alloc(17 * 1024 * 1024, 32));
writeFileSync(at('whole'), whole);
const targets = ['pipe', 'folder', 'half', 'huge', 'whole', 'gone'].map(at).concat('/dev/zero', file);
// Bounded, should nobody end it.
const endMs = performance.now() + 60_000;
for (let turn = 0; performance.now() < endMs; turn += 1) {
  symlinkSync(targets[turn % targets.length], at('next'));
  renameSync(at('next'), file);
}
`;

const FLIPPING_MS = 3000;
const MIN_RELOADS = 11;

describe('another process that swaps the file for something else all the time', () => {
  it.each([
    ['the configuration', 'gateway.yaml'],
    ['the value of a reference', 'token'],
  ])('%s: blocks nothing, serves no half, and the last good one in the end', async (_what, name) => {
    const yaml = (prefix: string) =>
      configuration(
        { tracker: upstream.url },
        {
          expose: [{ upstream: 'tracker', prefix }],
          upstream: { credentials: { type: 'bearer', token: '${file:./token}' } },
          telemetry: { log: { level: 'error' } },
        },
      );
    await using gateway = await StartedGateway.start(yaml('a_'), {
      files: { token: 't'.repeat(40) },
    });
    const file = join(gateway.folder, name);
    const whole = name === 'token' ? 't'.repeat(40) : yaml('a_');
    const flipper = spawn(process.execPath, ['-e', FLIPPER, file, whole], { stdio: 'inherit' });
    const ended = once(flipper, 'exit');
    let isOver = false;
    void ended.then(() => {
      isOver = true;
    });
    const endMs = performance.now() + FLIPPING_MS;
    for (let reloads = 0; !isOver && (reloads < MIN_RELOADS || performance.now() < endMs); reloads += 1) {
      const { result } = await gateway.reload();
      expect(['applied', 'unchanged', 'rejected']).toContain(result);
      expect(await toolNames(gateway.url)).toEqual(['a_get_issue']);
    }
    flipper.kill();
    expect(await ended).toEqual([null, 'SIGTERM']);

    await writeFile(`${file}.last`, name === 'token' ? 'u'.repeat(40) : yaml('b_'));
    await rename(`${file}.last`, file);
    if (name === 'token') await writeFile(gateway.file, yaml('b_'));
    await expect.poll(() => toolNames(gateway.url), { timeout: 30_000 }).toEqual(['b_get_issue']);
  });
});

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configuration } from '../support/configuration.ts';
import type { FastUpstream } from '../support/fast-upstream.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { toolNames } from '../support/modern-client.ts';
import { startToolUpstream } from '../support/tool-upstream.ts';

let upstream: FastUpstream;
beforeAll(async () => {
  upstream = await startToolUpstream('tracker', ['get_issue']);
});
afterAll(() => upstream.close());

const marked = (prefix: string): string =>
  configuration({ tracker: upstream.url }, { expose: [{ upstream: 'tracker', prefix }] });

const reload = async ({ opsUrl }: TestGateway) => {
  const answer = await fetch(`${opsUrl}/-/reload`, { method: 'POST' });
  const { diagnostics } = (await answer.json()) as { diagnostics: { code: string; message: string }[] };
  return [
    answer.status,
    ...diagnostics.map(({ code, message }) => `${code} ${message.replace(/`.*`/, '…')}`),
  ];
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
  it.each(IN_ITS_PLACE)('%s is told as what it is, and what serves serves on', async (_name, put, reason) => {
    await using gateway = await startTestGateway(marked('a_'), { tap: false });
    await rm(gateway.file);
    await put(gateway.file);
    expect(await reload(gateway)).toEqual([422, `GW0001 … cannot be read: ${reason}`]);
    expect(await toolNames(gateway.url())).toEqual(['a_get_issue']);
    await rm(gateway.file, { recursive: true, force: true });
    await writeFile(gateway.file, marked('b_'));
    await expect.poll(() => toolNames(gateway.url()), { timeout: 10_000 }).toEqual(['b_get_issue']);
  });

  it.skipIf(process.getuid?.() === 0)('a file that may not be read is told as such', async () => {
    await using gateway = await startTestGateway(marked('a_'), { tap: false });
    await chmod(gateway.file, 0o000);
    expect(await reload(gateway)).toEqual([
      422,
      'GW0001 … cannot be read: it may not be read by this process',
    ]);
  });
});

/** Makes the path by turns one thing after the other, as fast as it can, and ends with none of them. */
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
const endMs = performance.now() + 3000;
for (let turn = 0; performance.now() < endMs; turn += 1) {
  symlinkSync(targets[turn % targets.length], at('next'));
  renameSync(at('next'), file);
}
`;

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
    await using gateway = await startTestGateway(yaml('a_'), {
      tap: false,
      files: { token: 't'.repeat(40) },
    });
    const file = join(gateway.folder, name);
    const whole = name === 'token' ? 't'.repeat(40) : yaml('a_');
    const flipper = spawn(process.execPath, ['-e', FLIPPER, file, whole], { stdio: 'inherit' });
    const ended = once(flipper, 'exit');
    let over = false;
    void ended.then(() => {
      over = true;
    });
    let reloads = 0;
    while (!over) {
      const { result } = await gateway.gateway.reload();
      expect(['applied', 'unchanged', 'rejected']).toContain(result);
      expect(await toolNames(gateway.url())).toEqual(['a_get_issue']);
      reloads += 1;
    }
    expect(reloads).toBeGreaterThan(10);
    expect(await ended).toEqual([0, null]);

    await writeFile(`${file}.last`, name === 'token' ? 'u'.repeat(40) : yaml('b_'));
    await rename(`${file}.last`, file);
    if (name === 'token') await writeFile(gateway.file, yaml('b_'));
    await expect.poll(() => toolNames(gateway.url()), { timeout: 10_000 }).toEqual(['b_get_issue']);
  });
});

/** Edits that meet threads that crash: nobody has to edit or ask again. */
import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { configuration } from '../support/configuration.ts';
import type { Doomed } from '../support/doomed-threads.ts';
import type { FastUpstream } from '../support/fast-upstream.ts';
import { toolNames } from '../support/modern-client.ts';
import { StartedGateway } from '../support/started-gateway.ts';
import { startToolUpstream } from '../support/tool-upstream.ts';

// Each thread loads the program anew.
vi.setConfig({ testTimeout: 90_000 });

const DOOMED_THREADS = fileURLToPath(new URL('../support/doomed-threads.ts', import.meta.url));
const NONE: Doomed = { name: '', left: 0 };

let upstream: FastUpstream;
beforeEach(async () => {
  upstream = await startToolUpstream('tracker', ['get_issue']);
});
afterEach(() => upstream.close());

const others = (count: number): Record<string, string> =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`other-${at}`, `http://127.0.0.1:9/${at}`]));

const marked = (prefix: string, workers: number, count: number, watch = true): string =>
  configuration(
    { tracker: upstream.url, ...others(count) },
    { expose: [{ upstream: 'tracker', prefix }], workers, reload: { watch } },
  );

const start = (yaml: string): Promise<StartedGateway> =>
  StartedGateway.start(yaml, {
    files: { 'doomed.json': JSON.stringify(NONE) },
    nodeOptions: `--import=${DOOMED_THREADS}`,
  });

const doom = (gateway: StartedGateway, doomed: Doomed): Promise<void> =>
  gateway.writeBeside('doomed.json', JSON.stringify(doomed));

const left = async ({ folder }: StartedGateway): Promise<number> =>
  JSON.parse(await readFile(join(folder, 'doomed.json'), 'utf8')).left;

const endAllThreads = async ({ cli, folder }: StartedGateway): Promise<void> => {
  cli.child.kill('SIGUSR2');
  const ended = () => access(join(folder, 'ended'));
  await expect.poll(ended, { timeout: 30_000, interval: 5 }).toBeUndefined();
};

it('serves a watched edit of which the compile was cut short', async () => {
  await using gateway = await start(marked('a_', 1, 300));
  await doom(gateway, { name: 'compile', left: 2 });
  await gateway.write(marked('b_', 1, 300));
  await expect.poll(() => toolNames(gateway.url), { timeout: 60_000 }).toEqual(['b_get_issue']);
  expect(await left(gateway)).toBe(0);
});

it('serves a watched edit during which all threads end, and each that comes in their place', async () => {
  await using gateway = await start(marked('a_', 2, 0));
  const names = () => toolNames(gateway.url).catch(() => []);
  expect(await names()).toEqual(['a_get_issue']);
  await doom(gateway, { name: 'serving', left: 4 });
  await gateway.write(marked('b_', 2, 0));
  await endAllThreads(gateway);
  await expect.poll(names, { timeout: 60_000 }).toEqual(['b_get_issue']);
  expect(await left(gateway)).toBe(0);
  // The first thread may serve it while another is still brought: the reload is over after both.
  await expect
    .poll(async () => (await gateway.status()).lastReload, { timeout: 60_000 })
    .toMatchObject({ result: 'applied' });
});

it('answers a reload that is asked for while no thread is alive as any other', async () => {
  await using gateway = await start(marked('a_', 2, 0, false));
  await endAllThreads(gateway);
  expect(await gateway.load(marked('b_', 2, 0, false))).toMatchObject({ result: 'applied' });
  expect(await toolNames(gateway.url)).toEqual(['b_get_issue']);
});

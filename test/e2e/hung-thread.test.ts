import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { CliProcess } from '../support/cli-process.ts';
import { configuration } from '../support/configuration.ts';
import type { FastUpstream } from '../support/fast-upstream.ts';
import { modernBody, modernHeaders } from '../support/modern-client.ts';
import { startToolUpstream } from '../support/tool-upstream.ts';

// Threads load the program anew, and one that hangs is given ten seconds.
vi.setConfig({ testTimeout: 90_000 });

/** What a loaded machine may add to a deadline. */
const SCHEDULING_MS = 1_500;

const HANG_THREAD = fileURLToPath(new URL('../support/hang-thread.ts', import.meta.url));

let folder: string;
let file: string;
let upstream: FastUpstream;
let cli: CliProcess;
let url: string;
let opsUrl: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gatewright-hung-'));
  file = join(folder, 'gateway.yaml');
  upstream = await startToolUpstream('echo', ['echo']);
});
afterEach(async () => {
  await cli.close();
  await upstream.close();
  await rm(folder, { recursive: true });
});

const write = (over: object = {}): Promise<void> =>
  writeFile(
    file,
    configuration(
      { echo: upstream.url },
      { workers: 2, reload: { watch: false }, shutdown: { window: '500ms', deadline: '3s' }, ...over },
    ),
  );

const start = async (): Promise<void> => {
  await write();
  cli = new CliProcess(['run', file], { env: { NODE_OPTIONS: `--import=${HANG_THREAD}` } });
  [, url] = (await cli.seen(/main +(http\S+)/)) as unknown as [string, string];
  [, opsUrl] = (await cli.seen(/\(operations\) +(http\S+)/)) as unknown as [string, string];
};

/** One call on a connection of its own: the kernel chooses the thread by the connection. */
const callAnew = (timeoutMs: number): Promise<number> =>
  new Promise((resolve) => {
    const headers = modernHeaders('tools/call', { name: 'echo' }, {});
    const agent = new Agent();
    const outgoing = request(url, { method: 'POST', agent, headers, timeout: timeoutMs }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode!));
    });
    outgoing.on('timeout', () => outgoing.destroy());
    outgoing.on('error', () => resolve(0));
    outgoing.end(modernBody('tools/call', { name: 'echo', arguments: {} }));
  });

const statuses = async (timeoutMs: number): Promise<ReadonlySet<number>> =>
  new Set(await Promise.all(Array.from({ length: 30 }, () => callAnew(timeoutMs))));

// biome-ignore lint/suspicious/noExplicitAny: whatever it tells
const status = async (): Promise<any> => (await fetch(`${opsUrl}/-/status`)).json();

/** Resolves when connections that come to the thread are left alone. */
const hang = async (): Promise<void> => {
  cli.child.kill('SIGUSR2');
  await expect.poll(() => statuses(1_000), { timeout: 20_000 }).toContain(0);
};

it('ends and replaces a thread that hangs; a reload and questions do not wait for it for ever', async () => {
  await start();
  expect(await statuses(20_000)).toEqual(new Set([200]));
  await hang();
  // Operations answer at any time, with what the thread told last.
  expect((await fetch(`${opsUrl}/metrics`)).status).toBe(200);
  await write({ limits: { many: { type: 'rate', rate: '1000/s' } } });
  const reload = await fetch(`${opsUrl}/-/reload`, { method: 'POST' });
  expect([reload.status, await reload.json()]).toMatchObject([200, { result: 'applied' }]);
  await expect
    .poll(async () => (await status()).workers, { timeout: 30_000 })
    .toEqual({ wanted: 2, running: 2 });
  expect(cli.err).toContain('a thread hangs, and is ended');
  expect(await statuses(20_000)).toEqual(new Set([200]));
});

it('[INFRA-15] exits with 0 at the deadline while a thread hangs', async () => {
  await start();
  await hang();
  const startedMs = performance.now();
  cli.child.kill('SIGTERM');
  expect(await cli.exited()).toBe(0);
  expect(performance.now() - startedMs).toBeLessThan(3_000 + SCHEDULING_MS);
});

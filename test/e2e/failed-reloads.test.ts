/** Edits that meet threads that crash: nobody has to edit or ask again. */
import { channel } from 'node:diagnostics_channel';
import type { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { configuration } from '../support/configuration.ts';
import type { FastUpstream } from '../support/fast-upstream.ts';
import { startTestGateway } from '../support/gateway.ts';
import { toolNames } from '../support/modern-client.ts';
import { startToolUpstream } from '../support/tool-upstream.ts';

// Each thread loads the program anew.
vi.setConfig({ testTimeout: 90_000 });

let upstream: FastUpstream;
let crashes = 0;
/** Which threads end as soon as they have begun, and how many of them still. */
let doomed: { readonly name: string; left: number };
const crash = (message: unknown): void => {
  const { worker } = message as { readonly worker: Worker };
  worker.once('online', () => {
    if (worker.threadName !== doomed.name || doomed.left === 0) return;
    doomed.left -= 1;
    crashes += 1;
    void worker.terminate();
  });
};
const started: Worker[] = [];
const remember = (message: unknown): void => void started.push((message as { worker: Worker }).worker);

beforeEach(async () => {
  upstream = await startToolUpstream('tracker', ['get_issue']);
  doomed = { name: '', left: 0 };
  crashes = 0;
  started.length = 0;
  channel('worker_threads').subscribe(crash);
  channel('worker_threads').subscribe(remember);
});
afterEach(async () => {
  channel('worker_threads').unsubscribe(crash);
  channel('worker_threads').unsubscribe(remember);
  await upstream.close();
});

const others = (count: number): Record<string, string> =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`other-${at}`, `http://127.0.0.1:9/${at}`]));

const marked = (prefix: string, workers: number, count: number): string =>
  configuration(
    { tracker: upstream.url, ...others(count) },
    { expose: [{ upstream: 'tracker', prefix }], workers },
  );

it('serves a watched edit of which the compile was cut short', async () => {
  await using gateway = await startTestGateway(marked('a_', 1, 300), { tap: false });
  doomed = { name: 'compile', left: 2 };
  await gateway.write(marked('b_', 1, 300));
  await expect.poll(() => toolNames(gateway.url()), { timeout: 60_000 }).toEqual(['b_get_issue']);
  expect(crashes).toBe(2);
});

it('serves a watched edit during which all threads end, and each that comes in their place', async () => {
  await using gateway = await startTestGateway(marked('a_', 2, 0), { tap: false });
  const names = () => toolNames(gateway.url()).catch(() => []);
  expect(await names()).toEqual(['a_get_issue']);
  doomed = { name: 'serving', left: 4 };
  await gateway.write(marked('b_', 2, 0));
  await Promise.all(started.map((thread) => thread.terminate()));
  await expect.poll(names, { timeout: 60_000 }).toEqual(['b_get_issue']);
  expect(crashes).toBe(4);
  expect(gateway.gateway.lastReload).toMatchObject({ result: 'applied' });
});

it('answers a reload that is asked for while no thread is alive as any other', async () => {
  await using gateway = await startTestGateway(marked('a_', 2, 0), { tap: false });
  await Promise.all(started.map((thread) => thread.terminate()));
  expect(await gateway.load(marked('b_', 2, 0))).toMatchObject({ result: 'applied' });
  expect(await toolNames(gateway.url())).toEqual(['b_get_issue']);
});

import { channel } from 'node:diagnostics_channel';
import { Agent, request } from 'node:http';
import type { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { compile } from '../../../compiler/compile.ts';
import { createLog } from '../../../runtime/observe/log.ts';
import type { LoadedGraph } from '../../../runtime/reload/reloader.ts';
import { INITIAL_LOG } from '../../../runtime/serving-options.ts';
import { WorkerPool } from '../../../runtime/workers/pool.ts';
import { configuration } from '../../support/configuration.ts';
import { freePort } from '../../support/free-port.ts';
import { StartedThreads } from '../../support/started-threads.ts';

// Each thread loads the program anew.
vi.setConfig({ testTimeout: 180_000 });

let threads: StartedThreads;
beforeAll(() => {
  threads = new StartedThreads();
});
afterAll(() => threads[Symbol.dispose]());

const SILENT = { write: () => undefined, flushSync: () => undefined, close: () => undefined, dropped: 0 };

const graphAt = (port: number, hosts: readonly string[]): LoadedGraph => {
  const main = 'gateway.yaml';
  const text = configuration(
    { echo: 'http://127.0.0.1:1/mcp' },
    { ops: false, listener: { bind: `127.0.0.1:${port}`, hosts } },
  );
  const { compiled, diagnostics } = compile({
    main,
    read: (path) => (path === main ? Buffer.from(text) : undefined),
  });
  if (compiled === undefined) throw new Error(JSON.stringify(diagnostics));
  const { graph, hash, fingerprints } = compiled;
  return { graph, fingerprints, artifactHash: hash, effectiveHash: hash };
};

/** What a request for `host` is answered on a connection of its own: the kernel chooses the thread by the connection. */
const statusFor = (port: number, host: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const options = { port, host: '127.0.0.1', path: '/none', agent: new Agent(), headers: { host } };
    request(options, (response) => resolve(response.resume().statusCode!))
      .on('error', reject)
      .end();
  });

const statusesFor = async (port: number, host: string): Promise<ReadonlySet<number>> =>
  new Set(await Promise.all(Array.from({ length: 30 }, () => statusFor(port, host))));

const startPool = (): WorkerPool =>
  new WorkerPool({
    count: 2,
    version: '0.0.0',
    baseDirectory: import.meta.dirname,
    log: createLog(INITIAL_LOG, SILENT),
    revoked: () => [],
    onLines: () => undefined,
    onRestart: () => undefined,
  });

it('has a thread that was replaced between preparing and swapping serve no graph of before', async () => {
  const port = await freePort();
  const pool = startPool();
  try {
    await pool.swap(await pool.prepare(graphAt(port, ['old.example'])));
    expect(await statusesFor(port, 'old.example')).toEqual(new Set([404]));
    const prepared = await pool.prepare(graphAt(port, ['new.example']));
    await threads.all[0]!.terminate();
    expect(pool.running).toBe(1);
    await expect.poll(() => pool.running, { timeout: 60_000 }).toBe(2);
    await pool.swap(prepared);
    expect(await statusesFor(port, 'new.example')).toEqual(new Set([404]));
    expect(await statusesFor(port, 'old.example')).toEqual(new Set([403]));
  } finally {
    await pool.close({ windowMs: 0, cutMs: 0, endMs: 5_000, logMs: 5_000 });
  }
});

it('prepares and swaps although no thread is alive, and has all of them again', async () => {
  const port = await freePort();
  const pool = startPool();
  try {
    await pool.swap(await pool.prepare(graphAt(port, ['old.example'])));
    await threads.terminate();
    expect(pool.running).toBe(0);
    await pool.swap(await pool.prepare(graphAt(port, ['new.example'])));
    expect(await statusesFor(port, 'new.example')).toEqual(new Set([404]));
    await expect.poll(() => pool.running, { timeout: 60_000 }).toBe(2);
    expect(await statusesFor(port, 'new.example')).toEqual(new Set([404]));
    expect(await statusesFor(port, 'old.example')).toEqual(new Set([403]));
    expect(threads.all).toHaveLength(2);
  } finally {
    await pool.close({ windowMs: 0, cutMs: 0, endMs: 5_000, logMs: 5_000 });
  }
});

it('gives a graph up whose threads end again and again, and prepares the next', async () => {
  const port = await freePort();
  const pool = startPool();
  const kill = (message: unknown): void => void (message as { worker: Worker }).worker.terminate();
  try {
    await pool.swap(await pool.prepare(graphAt(port, ['old.example'])));
    channel('worker_threads').subscribe(kill);
    await threads.terminate();
    await expect(pool.prepare(graphAt(port, ['new.example']))).rejects.toThrow('the thread ended');
    channel('worker_threads').unsubscribe(kill);
    await pool.swap(await pool.prepare(graphAt(port, ['new.example'])));
    expect(await statusesFor(port, 'new.example')).toEqual(new Set([404]));
  } finally {
    channel('worker_threads').unsubscribe(kill);
    await pool.close({ windowMs: 0, cutMs: 0, endMs: 5_000, logMs: 5_000 });
  }
});

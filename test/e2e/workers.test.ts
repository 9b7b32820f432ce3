import { channel } from 'node:diagnostics_channel';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { configuration } from '../support/configuration.ts';
import { answer, type FastUpstream, refuse } from '../support/fast-upstream.ts';
import { freePort } from '../support/free-port.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { callTool, modernBody, modernHeaders } from '../support/modern-client.ts';
import { SLOW_START } from '../support/slow-start.ts';
import { StartedThreads } from '../support/started-threads.ts';
import { startToolUpstream } from '../support/tool-upstream.ts';

const STUBBORN_SERVER = fileURLToPath(new URL('../support/stubborn-server.ts', import.meta.url));

// Each thread loads the program anew.
vi.setConfig({ testTimeout: 60_000 });

let threads: StartedThreads;
let upstream: FastUpstream;
beforeEach(async () => {
  upstream = await startToolUpstream('echo', ['echo']);
  threads = new StartedThreads();
});
afterEach(async () => {
  threads[Symbol.dispose]();
  await upstream.close();
});

const start = (over: object = {}): Promise<TestGateway> =>
  startTestGateway(configuration({ echo: upstream.url }, { workers: 3, ...over }), { tap: false });

interface Reply {
  readonly status: number;
  readonly body: string;
}

/** One call on a connection of its own: the kernel chooses the thread by the connection. */
const callAnew = (url: string): Promise<Reply> =>
  new Promise((resolve, reject) => {
    const outgoing = request(
      url,
      { method: 'POST', agent: new Agent(), headers: modernHeaders('tools/call', { name: 'echo' }, {}) },
      (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          body += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode!, body }));
        response.on('error', reject);
      },
    );
    outgoing.on('error', reject);
    outgoing.end(modernBody('tools/call', { name: 'echo' }));
  });

const callOften = async (url: string, times: number): Promise<readonly Reply[]> => {
  const replies: Reply[] = [];
  const one = async (): Promise<void> => {
    while (started < times) {
      started += 1;
      replies.push(await callAnew(url));
    }
  };
  let started = 0;
  await Promise.all(Array.from({ length: 20 }, one));
  return replies;
};

// biome-ignore lint/suspicious/noExplicitAny: tests read whatever came
const status = async ({ opsUrl }: TestGateway): Promise<any> => (await fetch(`${opsUrl}/-/status`)).json();

describe('several threads', () => {
  it('serve at one address, and operations tell of all of them', async () => {
    await using gateway = await start();
    expect(threads.all).toHaveLength(3);
    const replies = await callOften(gateway.url(), 60);
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(60);
    expect(await status(gateway)).toMatchObject({ workers: { wanted: 3, running: 3 } });
    expect(await gateway.metrics()).toContain(
      'gatewright_requests_total{server="main",method="tools/call",outcome="ok"} 60\n',
    );
  });

  it('[RATE-01/workers] count a limit together, to the request', async () => {
    const limits = { few: { type: 'rate', rate: '1/d', burst: 50, key: ['client.address'] } };
    await using gateway = await start({ server: { limits: ['few'] }, limits });
    const replies = await callOften(gateway.url(), 300);
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(50);
    expect(replies.filter(({ status }) => status === 429)).toHaveLength(250);
  });

  it('open a breaker together', async () => {
    const breaker = { consecutive: 5, openFor: '1h' };
    await using gateway = await start({ upstream: { breaker, timeouts: { connect: '5s' } } });
    // Each has to find out first what the upstream speaks.
    await callOften(gateway.url(), 60);
    upstream.behave(refuse(500));
    const failed = [];
    for (let count = 0; count < 40; count += 1) failed.push(await callAnew(gateway.url()));
    expect(failed.filter(({ body }) => body.includes('upstream_unavailable'))).toHaveLength(5);
    expect(failed.filter(({ body }) => body.includes('breaker_open'))).toHaveLength(35);
    expect((await status(gateway)).upstreams.echo.breaker).toBe('open');
  });

  it('change to another graph together, or none does', async () => {
    await using gateway = await start();
    const url = gateway.url();
    const renamed = configuration(
      { echo: upstream.url },
      { workers: 3, expose: [{ upstream: 'echo', prefix: 'a_' }] },
    );
    expect((await gateway.load(renamed)).result).toBe('applied');
    const replies = await callOften(url, 40);
    expect(replies.every(({ body }) => body.includes('unknown_target'))).toBe(true);
    const taken = new URL(gateway.opsUrl).host;
    const clash = JSON.parse(configuration({ echo: upstream.url }, { workers: 3 }));
    clash.listeners.more = { bind: taken };
    clash.servers.main.at.push({ listener: 'more', path: '/mcp' });
    const result = await gateway.load(JSON.stringify(clash));
    expect(result.result).toBe('failed');
    expect(String(result.error)).toContain('EADDRINUSE');
    expect((await callOften(url, 40)).every(({ body }) => body.includes('unknown_target'))).toBe(true);
  });

  it('do not share an address with another gateway', async () => {
    const fixed = (port: number): string =>
      configuration({ echo: upstream.url }, { workers: 2, listener: { bind: `127.0.0.1:${port}` } });
    const port = await freePort();
    await using gateway = await startTestGateway(fixed(port), { tap: false });
    await expect(startTestGateway(fixed(port), { tap: false })).rejects.toThrow(/EADDRINUSE/);
    expect((await callAnew(gateway.url())).status).toBe(200);
    expect((await gateway.load(fixed(port))).result).toBe('unchanged');
  });

  it('refuse a graph that asks for another number of them, and say so', async () => {
    await using gateway = await start();
    const result = await gateway.load(configuration({ echo: upstream.url }, { workers: 2 }));
    expect(result.result).toBe('rejected');
    expect(String(result.error)).toContain('a restart is needed for `workers`');
    const answer = await fetch(`${gateway.opsUrl}/-/reload`, { method: 'POST' });
    expect(answer.status).toBe(422);
    expect(await answer.json()).toMatchObject({ result: 'rejected', needsRestart: ['workers'] });
    expect(await gateway.log()).toContain('"needsRestart":["workers"]');
    expect((await callAnew(gateway.url())).status).toBe(200);
  });
});

describe('a thread that ends', () => {
  it('is replaced by one that serves the same; the listener stays, and what was counted too', async () => {
    const limits = { few: { type: 'rate', rate: '1/d', burst: 30, key: ['client.address'] } };
    await using gateway = await start({ server: { limits: ['few'] }, limits });
    const url = gateway.url();
    await callOften(url, 20);
    await gateway.metrics();
    const victim = threads.all[1]!;
    await victim.terminate();
    await expect.poll(async () => (await status(gateway)).workers.running, { timeout: 30_000 }).toBe(3);
    expect(threads.all).toHaveLength(4);
    const replies = await callOften(url, 100);
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(10);
    const metrics = await gateway.metrics();
    expect(metrics).toContain('gatewright_worker_restarts_total 1\n');
    expect(metrics).toContain(
      'gatewright_requests_total{server="main",method="tools/call",outcome="ok"} 30\n',
    );
    expect(await gateway.log()).toContain('a thread ended, another takes its place');
  });

  it('leaves no process of a stdio upstream, dead or alive, not even one that does not end with its input', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'gatewright-orphans-'));
    // Processes of the threads that come write to it until they are ended with the gateway.
    await using _notes = { [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
    const yaml = JSON.parse(configuration({ echo: upstream.url }, { workers: 2 }));
    const command = [process.execPath, STUBBORN_SERVER, join(folder, 'notes')];
    yaml.upstreams.stubborn = { type: 'stdio', command, ...SLOW_START };
    yaml.servers.main.expose = [{ upstream: 'stubborn' }];
    await using gateway = await startTestGateway(JSON.stringify(yaml), { tap: false });
    const { body } = await callTool(gateway.url(), 'stay');
    const pid = Number(body.result.content[0].text);
    // Dead as well it would be there, until somebody waits for it.
    const isThere = (): boolean => existsSync(`/proc/${pid}`);
    expect(isThere()).toBe(true);
    await threads.terminate();
    await expect.poll(isThere, { timeout: 10_000 }).toBe(false);
  });

  it('has one in its place, even where the first that comes ends while it starts', async () => {
    await using gateway = await start();
    const started = Promise.withResolvers<Worker>();
    const take = (message: unknown): void => started.resolve((message as { worker: Worker }).worker);
    channel('worker_threads').subscribe(take);
    await threads.all[0]!.terminate();
    await (await started.promise).terminate();
    channel('worker_threads').unsubscribe(take);
    await expect.poll(async () => (await status(gateway)).workers.running, { timeout: 30_000 }).toBe(3);
    // Another that came as well would be there by the time that one more has been replaced.
    await threads.all.at(-1)!.terminate();
    await expect.poll(async () => (await status(gateway)).workers.running, { timeout: 30_000 }).toBe(3);
    expect(threads.all.filter(({ threadId }) => threadId !== -1)).toHaveLength(3);
    expect(threads.all).toHaveLength(6);
  });

  it('leaves the others serving, call after call', async () => {
    await using gateway = await start();
    const url = gateway.url();
    upstream.behave(answer);
    const calls = callOften(url, 400).then(
      () => 'all',
      (error: NodeJS.ErrnoException) => error.code,
    );
    await upstream.until(() => upstream.calls > 50);
    await threads.all[0]!.terminate();
    // What was on its way in that thread is cut; nothing else is.
    expect(['all', 'ECONNRESET', 'EPIPE']).toContain(await calls);
    await expect.poll(async () => (await status(gateway)).workers.running, { timeout: 30_000 }).toBe(3);
    expect((await callOften(url, 60)).every(({ status }) => status === 200)).toBe(true);
  });
});

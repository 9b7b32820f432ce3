import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { privateKey, publicPem } from '../compiler/artifact/keys.ts';
import { CliProcess } from '../support/cli-process.ts';
import { configuration } from '../support/configuration.ts';
import { answer, type FastUpstream, type Received } from '../support/fast-upstream.ts';
import { freePort } from '../support/free-port.ts';
import { openListen } from '../support/listen-client.ts';
import { callTool } from '../support/modern-client.ts';
import { SLOW_START } from '../support/slow-start.ts';
import { startToolUpstream, told } from '../support/tool-upstream.ts';

// Threads load the program anew.
vi.setConfig({ testTimeout: 60_000 });

/** What a loaded machine may add to a deadline. */
const SCHEDULING_MS = 1_500;

const STDIO_SERVER = fileURLToPath(new URL('../support/stdio-tool-server.ts', import.meta.url));
const STUBBORN_SERVER = fileURLToPath(new URL('../support/stubborn-server.ts', import.meta.url));
const END_THREAD = fileURLToPath(new URL('../support/end-thread.ts', import.meta.url));

let folder: string;
let file: string;
let upstream: FastUpstream;
let cli: CliProcess;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gatewright-end-'));
  file = join(folder, 'gateway.yaml');
  upstream = await startToolUpstream('tracker', ['get_issue']);
});
afterEach(async () => {
  await cli.close();
  await upstream.close();
  await rm(folder, { recursive: true });
});

// biome-ignore lint/suspicious/noExplicitAny: a test changes what it likes
type Yaml = any;

const text = (sections: object, edit: (yaml: Yaml) => void = () => undefined): string => {
  const yaml = JSON.parse(
    configuration({ tracker: upstream.url }, { reload: { watch: false }, ...sections }),
  );
  edit(yaml);
  return JSON.stringify(yaml);
};

interface Running {
  readonly url: string;
  readonly opsUrl: string;
}

const start = async (yaml: string, env: Readonly<Record<string, string>> = {}): Promise<Running> => {
  await writeFile(file, yaml);
  cli = new CliProcess(['run', file], { env });
  const [, url] = await cli.seen(/main +(http\S+)/);
  const [, opsUrl] = await cli.seen(/\(operations\) +(http\S+)/);
  return { url: url!, opsUrl: opsUrl! };
};

const isRefused = (url: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.once('connect', () => resolve(false));
    socket.once('error', () => resolve(true));
    socket.once('connect', () => socket.destroy());
  });

/** A process that is over may wait for whoever has inherited it. */
const isAlive = (pid: number): boolean => {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};

/** Lines of the log, each one whole. */
const logLines = (): readonly { message?: string; msg?: string }[] =>
  cli.err
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line));

describe.each([1, 2])('SIGTERM, with %i thread(s)', (workers) => {
  const shutdown = { window: '5s', deadline: '20s' };

  it('[INFRA-15] turns readiness red while a call is in flight, takes no connection, ends streams in order, lets the call finish, logs to the last line and exits with 0', async () => {
    const telemetry = { log: { access: true } };
    const { url, opsUrl } = await start(text({ workers, shutdown, telemetry }));
    const stream = await openListen(url, { toolsListChanged: true });
    for (let count = 0; count < 20; count += 1) await callTool(url, 'get_issue');
    const held: Received[] = [];
    upstream.behave((received) => held.push(received));
    const call = callTool(url, 'get_issue', { n: 1 });
    await upstream.until(() => held.length === 1);
    const ready = async () => (await fetch(`${opsUrl}/-/ready`)).status;
    expect(await ready()).toBe(200);

    cli.child.kill('SIGTERM');
    await expect.poll(ready, { timeout: 10_000, interval: 10 }).toBe(503);
    await expect.poll(() => isRefused(url), { timeout: 10_000, interval: 10 }).toBe(true);
    expect(await stream.over).toBe('ended');
    expect(stream.messages.at(-1)).toMatchObject({ result: { resultType: 'complete' } });
    // Operations are told of to the last.
    expect(await ready()).toBe(503);
    expect((await fetch(`${opsUrl}/-/status`)).status).toBe(200);

    answer(held[0]!);
    const { status, body } = await call;
    expect([status, body.result.content[0].text]).toEqual([200, '{"n":1}']);
    expect(await cli.exited()).toBe(0);
    expect(cli.err.endsWith('\n')).toBe(true);
    const lines = logLines();
    expect(JSON.stringify(lines.at(-1))).toContain('"stopped"');
    expect(lines.filter((line) => JSON.stringify(line).includes('"get_issue"'))).toHaveLength(21);
  });

  it('[INFRA-15] ends processes by the end of their input, then SIGTERM, then SIGKILL, and leaves none', async () => {
    const notes = join(folder, 'notes');
    const yaml = text({ workers, shutdown: { window: '1s', deadline: '5s' } }, (edited) => {
      edited.upstreams.stubborn = {
        type: 'stdio',
        command: [process.execPath, STUBBORN_SERVER, notes],
        ...SLOW_START,
      };
      edited.upstreams.tame = {
        type: 'stdio',
        command: [process.execPath, STDIO_SERVER, 'pid'],
        ...SLOW_START,
      };
      edited.servers.main.expose.push({ upstream: 'stubborn' }, { upstream: 'tame' });
    });
    const { url } = await start(yaml);
    const tame = told((await callTool(url, 'pid')).body.result).pid as number;
    const stubborn = Number((await callTool(url, 'stay')).body.result.content[0].text);
    expect([isAlive(tame), isAlive(stubborn)]).toEqual([true, true]);
    const startedMs = performance.now();
    cli.child.kill('SIGTERM');
    expect(await cli.exited()).toBe(0);
    expect(performance.now() - startedMs).toBeLessThan(5_000 + SCHEDULING_MS);
    expect([isAlive(tame), isAlive(stubborn)]).toEqual([false, false]);
    // Each thread may have had one of its own.
    const byProcess = Object.groupBy((await readFile(notes, 'utf8')).trim().split('\n'), (line) =>
      Number.parseInt(line, 10),
    );
    for (const [pid, lines] of Object.entries(byProcess)) {
      expect(lines).toEqual(['start', 'end of input', 'SIGTERM'].map((what) => `${pid} ${what}`));
      expect(isAlive(Number(pid))).toBe(false);
    }
    expect(Object.keys(byProcess)).toContain(String(stubborn));
  });

  it('[INFRA-15] has processes end before the deadline, also where a call is in flight until it is cut', async () => {
    const notes = join(folder, 'notes');
    const yaml = text({ workers, shutdown: { window: '300ms', deadline: '5s' } }, (edited) => {
      edited.upstreams.stubborn = {
        type: 'stdio',
        command: [process.execPath, STUBBORN_SERVER, notes],
        ...SLOW_START,
      };
      edited.servers.main.expose.push({ upstream: 'stubborn' });
    });
    const { url } = await start(yaml);
    const stubborn = Number((await callTool(url, 'stay')).body.result.content[0].text);
    upstream.behave(() => undefined);
    const before = upstream.calls;
    const call = callTool(url, 'get_issue').catch((error: Error) => error);
    await upstream.until(() => upstream.calls > before);
    const startedMs = performance.now();
    cli.child.kill('SIGTERM');
    const ended = new Promise((resolve) => cli.child.once('exit', resolve));
    expect(await ended).toBe(0);
    const tookMs = performance.now() - startedMs;
    expect(await call).toBeInstanceOf(Error);
    expect(isAlive(stubborn)).toBe(false);
    expect((await readFile(notes, 'utf8')).split('\n')).toContain(`${stubborn} SIGTERM`);
    expect(tookMs).toBeGreaterThan(4_400);
    expect(tookMs).toBeLessThan(5_000 + SCHEDULING_MS);
  });

  it('[INFRA-15] during a reload gives up what is being prepared, with its processes, and is not held up by it', async () => {
    const mark = join(folder, 'mute');
    const mute = `require('node:fs').writeFileSync(${JSON.stringify(mark)}, String(process.pid)); setInterval(() => 0, 1e6)`;
    const sections = { workers, shutdown: { window: '500ms', deadline: '3s' } };
    const { url } = await start(text(sections));
    await writeFile(
      file,
      text(sections, (edited) => {
        const command = [process.execPath, '-e', mute];
        edited.upstreams.mute = { type: 'stdio', command, timeouts: { connect: '50s' } };
        edited.servers.main.expose.push({ upstream: 'mute', prefix: 'm_' });
      }),
    );
    cli.child.kill('SIGHUP');
    await expect.poll(() => existsSync(mark), { timeout: 30_000 }).toBe(true);
    await expect.poll(async () => Number(await readFile(mark, 'utf8')), { timeout: 5000 }).toBeGreaterThan(0);
    expect((await callTool(url, 'get_issue')).status).toBe(200);
    const startedMs = performance.now();
    cli.child.kill('SIGTERM');
    await expect.poll(() => isRefused(url), { timeout: 10_000, interval: 10 }).toBe(true);
    expect(await cli.exited()).toBe(0);
    expect(performance.now() - startedMs).toBeLessThan(3_000 + SCHEDULING_MS);
    const pid = Number(await readFile(mark, 'utf8'));
    await expect.poll(() => isAlive(pid), { timeout: 5000 }).toBe(false);
  });
});

describe('SIGTERM while a thread is being replaced', () => {
  it('[INFRA-15] has no other take its place: no connection is taken any more, and the end is in time', async () => {
    const listener = { bind: `127.0.0.1:${await freePort()}` };
    const sections = { workers: 2, listener, shutdown: { window: '500ms', deadline: '4s' } };
    const { url } = await start(text(sections), { NODE_OPTIONS: `--import=${END_THREAD}` });
    // What is in flight at the other thread keeps the end from being over.
    const held: Received[] = [];
    upstream.behave((received) => held.push(received));
    const calls = Array.from({ length: 12 }, () => callTool(url, 'get_issue').catch((error: Error) => error));
    await upstream.until(() => held.length === calls.length);
    cli.child.kill('SIGUSR2');
    await cli.seen(/another takes its place/);
    const startedMs = performance.now();
    cli.child.kill('SIGTERM');
    await expect.poll(() => isRefused(url), { timeout: 3_000, interval: 5 }).toBe(true);
    let isOver = false;
    const exited = cli.exited().finally(() => {
      isOver = true;
    });
    const refusals: boolean[] = [];
    while (!isOver) {
      refusals.push(await isRefused(url));
      await pause(5);
    }
    expect(refusals).not.toContain(false);
    expect(refusals.length).toBeGreaterThan(20);
    expect(await exited).toBe(0);
    expect(performance.now() - startedMs).toBeLessThan(4_000 + SCHEDULING_MS);
    expect(cli.err).not.toContain('could not be started');
    await Promise.all(calls);
  });
});

describe('SIGTERM during the start', () => {
  let hanging: Server;
  let asked: Promise<void>;
  beforeEach(async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    asked = promise;
    hanging = createServer(() => resolve());
    await new Promise<void>((done) => hanging.listen(0, '127.0.0.1', done));
  });
  afterEach(() => {
    hanging.closeAllConnections();
    hanging.close();
  });

  it('[INFRA-15] ends it in order, before anything is served', async () => {
    await writeFile(join(folder, 'pub.pem'), publicPem(privateKey(1)));
    const from = `http://127.0.0.1:${(hanging.address() as AddressInfo).port}/gateway.artifact.json`;
    cli = new CliProcess(['run', from, '--require-signature', '--key', 'pub.pem'], { cwd: folder });
    await asked;
    const startedMs = performance.now();
    cli.child.kill('SIGTERM');
    expect(await cli.exited()).toBe(0);
    // Without a configuration there is no other deadline.
    expect(performance.now() - startedMs).toBeLessThan(2_000 + SCHEDULING_MS);
    expect([cli.out, cli.err]).toEqual(['', '']);
  });
});

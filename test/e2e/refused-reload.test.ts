import { readdirSync, readFileSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { makeCertificate } from '../support/certificate.ts';
import { configuration } from '../support/configuration.ts';
import type { FastUpstream } from '../support/fast-upstream.ts';
import { freePort } from '../support/free-port.ts';
import { INSPECTED, Inspector } from '../support/inspector.ts';
import { callTool, toolNames } from '../support/modern-client.ts';
import { listeningSockets, ownAbstractSockets } from '../support/own-sockets.ts';
import { SLOW_START } from '../support/slow-start.ts';
import { StartedGateway } from '../support/started-gateway.ts';
import { startToolUpstream, told } from '../support/tool-upstream.ts';

// Threads load the program anew.
vi.setConfig({ testTimeout: 60_000 });

const COUNT_TIMERS = fileURLToPath(new URL('../support/count-timers.ts', import.meta.url));
const STDIO_SERVER = fileURLToPath(new URL('../support/stdio-tool-server.ts', import.meta.url));

let upstream: FastUpstream;
let occupied: Server;
beforeAll(async () => {
  upstream = await startToolUpstream('first', ['one']);
  occupied = createServer();
  await new Promise<void>((resolve) => occupied.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  await upstream.close();
  occupied.close();
});

/** Pids of processes that have `mark` among their arguments. */
const marked = (mark: string): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(mark);
      } catch {
        return false;
      }
    })
    .map(Number);

/** Among the arguments of processes that this test has started, and of no other. */
const [MUTE, RENEWED, TRIED_OUT] = ['mute', 'renewed', 'tried-out'].map(
  (name) => `${name}-${process.pid}`,
) as [string, string, string];

const isBound = (port: number): Promise<boolean> =>
  fetch(`http://127.0.0.1:${port}/`).then(
    () => true,
    () => false,
  );

/** None of a thread that has ended meanwhile. */
const childrenOf = (file: string): readonly number[] => {
  try {
    return readFileSync(file, 'utf8').split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
};

/** Pids of what the gateway has started and not waited for. */
const children = (pid: number): readonly number[] =>
  readdirSync(`/proc/${pid}/task`).flatMap((task) => childrenOf(`/proc/${pid}/task/${task}/children`));

/** What a refused reload could leave: threads have an abstract socket each, and whoever prepared one has to give it back. */
const held = ({ pid }: StartedGateway) => ({
  sockets: ownAbstractSockets(pid).length,
  listening: listeningSockets(pid),
  children: children(pid).length,
});

// biome-ignore lint/suspicious/noExplicitAny: a test changes what it likes
type Yaml = any;

const CHILD = (...args: readonly string[]) => ({
  type: 'stdio',
  command: [process.execPath, STDIO_SERVER, ...args],
  ...SLOW_START,
});

const base = (workers: number): Yaml => {
  const yaml = JSON.parse(configuration({ first: upstream.url }, { workers }));
  yaml.upstreams.child = CHILD('pid');
  yaml.servers.main.expose.push({ upstream: 'child' });
  yaml.reload = { watch: false, drain: { window: '10ms' } };
  return yaml;
};

const FAULTS: readonly (readonly [
  string,
  RegExp,
  (yaml: Yaml, gateway: StartedGateway) => Promise<void> | void,
])[] = [
  [
    'a port in use',
    /EADDRINUSE/,
    (yaml) => {
      yaml.listeners.taken = { bind: `127.0.0.1:${(occupied.address() as AddressInfo).port}` };
      yaml.servers.main.at.push({ listener: 'taken' });
    },
  ],
  [
    'a bad certificate',
    /PEM|no start line/i,
    async (yaml, gateway) => {
      await gateway.writeBeside('tls.crt', 'no certificate');
      await gateway.writeBeside('tls.key', makeCertificate('localhost').key);
      const tls = { certificate: '${file:./tls.crt}', key: '${file:./tls.key}' };
      yaml.listeners.secure = { bind: '127.0.0.1:0', tls };
      yaml.servers.main.at.push({ listener: 'secure' });
    },
  ],
  [
    'a command that does not exist',
    /upstream `child` does not start: .*is not an executable file/,
    (yaml) => {
      yaml.upstreams.child = { type: 'stdio', command: ['/nonexistent/server'] };
    },
  ],
  [
    'a command that exits at once',
    /upstream `child` does not start: process ended with code 7/,
    (yaml) => {
      yaml.upstreams.child = { type: 'stdio', command: [process.execPath, '-e', 'process.exit(7)'] };
    },
  ],
  [
    'a command that says nothing',
    /upstream `child` does not start: start: 300 ms/,
    (yaml) => {
      yaml.upstreams.child = {
        type: 'stdio',
        command: [process.execPath, '-e', 'setInterval(() => 0, 1e6)', MUTE],
        timeouts: { connect: '300ms' },
      };
    },
  ],
  [
    'a secret that may not be read',
    /may not be read|does not exist/,
    async (yaml, gateway) => {
      await gateway.writeBeside('token', 'secret');
      await chmod(join(gateway.folder, 'token'), 0o000);
      const field = process.getuid?.() === 0 ? '${file:./gone}' : '${file:./token}';
      yaml.upstreams.first.credentials = { type: 'bearer', token: field };
    },
  ],
];

describe.each([1, 2])('a reload that is refused, with %i thread(s)', (workers) => {
  let gateway: StartedGateway;
  /** What the row before has had started last. */
  let last = 'nothing yet';
  beforeAll(async () => {
    gateway = await StartedGateway.start(JSON.stringify(base(workers)));
  });
  afterAll(() => gateway[Symbol.asyncDispose]());

  it.each(FAULTS)('for %s leaves no trace, and the next good edit applies', async (name, reason, spoil) => {
    const port = await freePort();
    const mark = `mark-${process.pid}-${workers}-${name.replaceAll(' ', '-')}`;
    const good = (yaml: Yaml): Yaml => {
      yaml.listeners.more = { bind: `127.0.0.1:${port}` };
      yaml.servers.main.at.push({ listener: 'more', path: '/mcp' });
      yaml.upstreams.other = CHILD('other', mark);
      yaml.servers.main.expose.push({ upstream: 'other', prefix: 'o_' });
      return yaml;
    };
    expect((await gateway.load(JSON.stringify(base(workers)))).status).toBe(200);
    await expect.poll(() => marked(last), { timeout: 10_000 }).toEqual([]);
    last = mark;
    const { pid } = told((await callTool(gateway.url, 'pid')).body.result);
    const before = held(gateway);
    const hash = (await gateway.status()).artifactHash;

    const failing = good(base(workers));
    await spoil(failing, gateway);
    await gateway.write(JSON.stringify(failing));
    const answer = await fetch(`${gateway.opsUrl}/-/reload`, { method: 'POST' });
    const text = await answer.text();
    expect([answer.status === 422 || answer.status === 500, text]).toEqual([true, text]);
    expect(text).toMatch(reason);
    expect(JSON.parse(text).artifactHash).toBe(hash);

    expect(await isBound(port)).toBe(false);
    await expect.poll(() => [...marked(mark), ...marked(MUTE)], { timeout: 10_000 }).toEqual([]);
    await expect.poll(() => held(gateway), { timeout: 10_000 }).toEqual(before);
    expect((await gateway.status()).artifactHash).toBe(hash);
    // The process that serves was never stopped, nor is there another beside it.
    const again = told((await callTool(gateway.url, 'pid')).body.result);
    if (workers === 1) expect(again.pid).toBe(pid);

    const mended = good(base(workers));
    const { artifactHash, error } = await gateway.load(JSON.stringify(mended));
    expect([artifactHash === hash, error]).toEqual([false, undefined]);
    expect(marked(mark)).toHaveLength(workers);
    expect(await toolNames(`http://127.0.0.1:${port}/mcp`)).toEqual(['one', 'pid', 'o_other', `o_${mark}`]);
  });
});

it('reloads that are refused leave no timer, however many', async () => {
  await using gateway = await StartedGateway.start(JSON.stringify(base(1)), {
    nodeOptions: `${INSPECTED} --import=${COUNT_TIMERS}`,
  });
  using inspector = await Inspector.of(gateway.cli);
  const timers = () => inspector.numberOf('countTimers()');
  const more = (): Yaml => {
    const yaml = base(1);
    // Several, so that timers of other things that run out meanwhile are fewer.
    for (let at = 0; at < 5; at += 1) {
      yaml.upstreams[`looked${at}`] = { type: 'http', endpoints: [upstream.url], health: { every: '10m' } };
      yaml.servers.main.expose.push({ upstream: `looked${at}`, prefix: `l${at}_` });
    }
    return yaml;
  };
  const idle = async (): Promise<number> => {
    let last: number;
    let now = await timers();
    do {
      last = now;
      await delay(200);
      now = await timers();
    } while (now !== last);
    return last;
  };
  const before = await idle();
  for (let times = 0; times < 20; times += 1) {
    const failing = more();
    failing.listeners.taken = { bind: `127.0.0.1:${(occupied.address() as AddressInfo).port}` };
    failing.servers.main.at.push({ listener: 'taken' });
    expect((await gateway.load(JSON.stringify(failing))).result).toBe('failed');
  }
  await expect.poll(timers, { timeout: 10_000 }).toBeLessThan(before + 5);
  // One that is taken has a timer for what it looks at: there is something to be left.
  const held = await idle();
  expect((await gateway.load(JSON.stringify(more()))).result).toBe('applied');
  expect(await idle()).toBeGreaterThan(held);
});

describe('another command of a stdio upstream', () => {
  it.each([1, 2])(
    'runs before the old process is given up, so that no call waits for its start: %i thread(s)',
    async (workers) => {
      await using gateway = await StartedGateway.start(JSON.stringify(base(workers)));
      const pidOf = async () => told((await callTool(gateway.url, 'pid')).body.result).pid;
      await pidOf();
      const { processes } = (await gateway.status()).upstreams.child!;
      const changed = base(workers);
      changed.upstreams.child = CHILD('pid', RENEWED);
      expect((await gateway.load(JSON.stringify(changed))).result).toBe('applied');
      const renewed = marked(RENEWED);
      expect(renewed).toHaveLength(workers);
      expect(renewed).toContain(await pidOf());
      const left = () => processes.filter((pid) => readdirSync('/proc').includes(String(pid)));
      await expect.poll(left, { timeout: 10_000 }).toEqual([]);
    },
  );

  it('that runs for each session alone is tried out, and not kept', async () => {
    await using gateway = await StartedGateway.start(JSON.stringify(base(1)));
    const changed = base(1);
    changed.upstreams.child = { ...CHILD('pid', TRIED_OUT), isolation: 'per-session' };
    expect(['applied', 'unchanged']).toContain((await gateway.load(JSON.stringify(changed))).result);
    expect(marked(TRIED_OUT)).toEqual([]);
    changed.upstreams.child.command = [process.execPath, '-e', 'process.exit(3)'];
    const refused = await gateway.load(JSON.stringify(changed));
    expect([refused.result, String(refused.error)]).toEqual([
      'failed',
      expect.stringContaining('does not start'),
    ]);
  });
});

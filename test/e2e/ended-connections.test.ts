import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CliProcess } from '../support/cli-process.ts';
import { configuration } from '../support/configuration.ts';
import type { FastUpstream } from '../support/fast-upstream.ts';
import { freePort } from '../support/free-port.ts';
import { modernBody, modernHeaders } from '../support/modern-client.ts';
import { startToolUpstream } from '../support/tool-upstream.ts';

// Threads load the program anew.
vi.setConfig({ testTimeout: 60_000 });

/** So many that their ends take a second and more, as a machine that is busy may stand still for half of one. */
const CONNECTIONS = 100;
/** Longer than all ends take, at 20 ms each after half a second. */
const UNTIL_ALL_ARE_DUE_MS = 3_000;

let folder: string;
let file: string;
let upstream: FastUpstream;
let cli: CliProcess;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gatewright-ends-'));
  file = join(folder, 'gateway.yaml');
  upstream = await startToolUpstream('tracker', ['get_issue']);
});
afterEach(async () => {
  cli.child.kill('SIGCONT');
  await cli.close();
  await upstream.close();
  await rm(folder, { recursive: true });
});

const yamlOf = (bind: string, workers: number): string =>
  configuration(
    { tracker: upstream.url },
    {
      workers,
      listener: { bind },
      reload: { watch: false, drain: { window: '10s', deadline: '20s' } },
      shutdown: { window: '10s', deadline: '20s' },
    },
  );

const start = async (yaml: string): Promise<{ readonly url: URL; readonly opsUrl: string }> => {
  await writeFile(file, yaml);
  cli = new CliProcess(['run', file]);
  const [, url] = await cli.seen(/main +(http\S+)/);
  const [, opsUrl] = await cli.seen(/\(operations\) +(http\S+)/);
  return { url: new URL(url!), opsUrl: opsUrl! };
};

const CALL = (() => {
  const params = { name: 'get_issue', arguments: {} };
  const body = modernBody('tools/call', params);
  return { headers: modernHeaders('tools/call', params, {}), body };
})();

const requestText = ({ host, pathname }: URL): string => {
  const lines = Object.entries(CALL.headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const length = `content-length: ${Buffer.byteLength(CALL.body)}\r\n`;
  return `POST ${pathname} HTTP/1.1\r\nhost: ${host}\r\n${lines.join('')}${length}\r\n${CALL.body}`;
};

/** A client that keeps its connection. */
class KeptConnection {
  readonly socket: Socket;
  readonly over: Promise<{ readonly atMs: number; readonly inOrder: boolean }>;
  text = '';
  isOver = false;

  constructor(url: URL) {
    this.socket = connect(Number(url.port), '127.0.0.1');
    this.socket.setEncoding('latin1').on('data', (text: string) => {
      this.text += text;
    });
    let inOrder = false;
    this.socket.on('end', () => {
      inOrder = true;
      this.isOver = true;
    });
    this.socket.on('error', () => undefined);
    this.over = new Promise((resolve) => {
      this.socket.on('close', () => {
        this.isOver = true;
        resolve({ atMs: performance.now(), inOrder });
      });
    });
  }

  /** Sends a request; resolves when an answer has come whole, or the connection is over. */
  async ask(url: URL): Promise<string> {
    this.text = '';
    this.socket.write(requestText(url));
    await expect.poll(() => this.text.includes('"result"') || this.isOver, { timeout: 20_000 }).toBe(true);
    return this.text;
  }
}

const openKept = async (url: URL): Promise<readonly KeptConnection[]> => {
  const kept = Array.from({ length: CONNECTIONS }, () => new KeptConnection(url));
  for (const answer of await Promise.all(kept.map((connection) => connection.ask(url))))
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  return kept;
};

/** Whether each thread of the process stands still. */
const isStopped = (pid: number): boolean =>
  readdirSync(`/proc/${pid}/task`).every((thread) =>
    /^State:\tT/m.test(readFileSync(`/proc/${pid}/task/${thread}/status`, 'utf8')),
  );

/** Stops the process; resolves when all that it has ended is known here. */
const stop = async (): Promise<void> => {
  cli.child.kill('SIGSTOP');
  await expect.poll(() => isStopped(cli.child.pid!), { interval: 5 }).toBe(true);
  // What has come is read within a turn of the event loop, and told in the next.
  for (let turn = 0; turn < 3; turn += 1) await nextTurn();
};

/** The ways in which a listener ends; each resolves when that has begun. */
const ENDS: readonly (readonly [string, number, (opsUrl: string, workers: number) => Promise<void>])[] = [
  [
    'SIGTERM',
    2,
    async (opsUrl) => {
      cli.child.kill('SIGTERM');
      await expect.poll(async () => (await fetch(`${opsUrl}/-/ready`)).status, { interval: 10 }).toBe(503);
    },
  ],
  [
    'a reload that moves the listener',
    1,
    async (opsUrl, workers) => {
      await writeFile(file, yamlOf(`127.0.0.1:${await freePort()}`, workers));
      expect((await fetch(`${opsUrl}/-/reload`, { method: 'POST' })).status).toBe(200);
    },
  ],
];

describe.each(ENDS)('at %s, with %i thread(s)', (_name, workers, begin) => {
  it('idle connections end in order at moments of their own', async () => {
    const { url, opsUrl } = await start(yamlOf(`127.0.0.1:${await freePort()}`, workers));
    const kept = await openKept(url);
    await begin(opsUrl, workers);
    const ends = await Promise.all(kept.map(({ over }) => over));
    expect(ends.every(({ inOrder }) => inOrder)).toBe(true);
    const times = ends.map(({ atMs }) => atMs).sort((a, b) => a - b);
    // All in one instant, or in the half second of one check, they would come back so.
    expect(times.at(-1)! - times[0]!).toBeGreaterThan(150);
    expect(new Set(times.map((atMs) => Math.floor(atMs / 50))).size).toBeGreaterThan(3);
  });

  it('a request that was sent on an idle connection before its end is answered, and told that it was the last', async () => {
    const { url, opsUrl } = await start(yamlOf(`127.0.0.1:${await freePort()}`, workers));
    const kept = await openKept(url);
    await begin(opsUrl, workers);
    // All become due while nothing is read: the ends come first when the process goes on.
    await stop();
    const open = kept.filter(({ isOver }) => !isOver);
    expect(open.length).toBeGreaterThan(CONNECTIONS / 2);
    const answers = open.map((connection) => connection.ask(url));
    await pause(UNTIL_ALL_ARE_DUE_MS);
    cli.child.kill('SIGCONT');
    for (const answer of await Promise.all(answers)) {
      expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
      expect(answer).toMatch(/\r\nconnection: close\r\n/i);
    }
    expect((await Promise.all(kept.map(({ over }) => over))).every(({ inOrder }) => inOrder)).toBe(true);
  });
});

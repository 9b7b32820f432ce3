import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { Client, request } from 'undici';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ABLE } from '../support/asking.ts';
import { makeCertificate } from '../support/certificate.ts';
import { configuration } from '../support/configuration.ts';
import { EventStreamClient } from '../support/event-stream-client.ts';
import type { FastUpstream } from '../support/fast-upstream.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { modernBody, modernHeaders } from '../support/modern-client.ts';
import { StartedThreads } from '../support/started-threads.ts';
import { startToolUpstream } from '../support/tool-upstream.ts';
import { startAskingUpstream } from './clients/upstreams/asking-http.ts';

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

const start = (over: object): Promise<TestGateway> =>
  startTestGateway(configuration({ echo: upstream.url }, { workers: 2, ...over }), { tap: false });

const running = async ({ opsUrl }: TestGateway): Promise<number> =>
  ((await (await fetch(`${opsUrl}/-/status`)).json()) as { workers: { running: number } }).workers.running;

/** Opens connections one after the other, and tells which of them the gateway leaves open. */
const open = async (url: string, count: number): Promise<readonly Socket[]> => {
  const kept: Socket[] = [];
  const { hostname, port } = new URL(url);
  for (let index = 0; index < count; index += 1) {
    const socket = connect(Number(port), hostname);
    const answered = Promise.withResolvers<boolean>();
    socket.on('error', () => undefined);
    socket.once('data', () => answered.resolve(true)).once('close', () => answered.resolve(false));
    socket.write('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
    const isKept = await answered.promise;
    if (isKept) kept.push(socket);
  }
  return kept;
};

describe('caps of several threads', () => {
  it('hold for connections, to the connection, also once a thread has ended', async () => {
    await using gateway = await start({ listener: { connections: { perAddress: 10 } } });
    const first = await open(gateway.url(), 30);
    expect(first).toHaveLength(10);
    const [victim] = threads.all;
    await victim!.terminate();
    await expect.poll(() => running(gateway), { timeout: 30_000 }).toBe(2);
    const left = first.filter((socket) => !socket.destroyed);
    const more = await open(gateway.url(), 30);
    expect(left.length + more.length).toBe(10);
    const fewer = { workers: 2, listener: { connections: { max: 6 } } };
    expect((await gateway.load(configuration({ echo: upstream.url }, fewer))).result).toBe('applied');
    expect(await open(gateway.url(), 3)).toHaveLength(0);
    for (const socket of [...left, ...more]) socket.destroy();
    const none = async (): Promise<boolean> =>
      (await gateway.metrics()).includes('gatewright_connections_open{listener="main"} 0\n');
    await expect.poll(none).toBe(true);
    expect(await open(gateway.url(), 20)).toHaveLength(6);
  });

  it('hold for sessions and subscriptions of one caller, wherever they are', async () => {
    const subscriptions = { max: 50, maxPerPrincipal: 5 };
    await using gateway = await start({ sessions: { maxPerPrincipal: 7, subscriptions } });
    const statuses = [];
    for (let index = 0; index < 20; index += 1) {
      const reply = await request(gateway.url(), {
        method: 'POST',
        reset: true,
        headers: {
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
        },
        body: JSON.stringify({
          jsonrpc: '2.0',
          id: 1,
          method: 'initialize',
          params: {
            protocolVersion: '2025-11-25',
            capabilities: {},
            clientInfo: { name: 'test', version: '1' },
          },
        }),
      });
      await reply.body.text();
      statuses.push(reply.statusCode);
    }
    expect(statuses).toEqual([...Array(7).fill(200), ...Array(13).fill(503)]);
    await subscribeTooOften(gateway.url());
  });
});

describe('caps of several threads on what waits', () => {
  it('hold for calls that wait for input, wherever they wait', async () => {
    await using asking = await startAskingUpstream();
    await using gateway = await startTestGateway(
      configuration({ asking: asking.url }, { workers: 2, sessions: { parked: { maxPerPrincipal: 5 } } }),
      { tap: false },
    );
    const params = { name: 'order', arguments: { item: 'tea' } };
    const asked = await postEach(gateway.url(), 15, {
      headers: modernHeaders('tools/call', params, {}),
      body: modernBody('tools/call', params, { capabilities: ABLE }),
    });
    const waiting = asked.filter(({ text }) => text.includes('"input_required"'));
    expect(waiting).toHaveLength(5);
    const refused = asked.filter((reply) => !waiting.includes(reply));
    for (const { text } of refused) expect(text).toContain('"message":"too many calls wait for input"');
  });

  it('hold for streams of HTTP+SSE, wherever they are open', async () => {
    await using gateway = await start({
      server: { protocol: { legacySse: true } },
      sessions: { maxPerPrincipal: 5 },
    });
    const opened = await Promise.allSettled(
      Array.from({ length: 15 }, () =>
        EventStreamClient.open(`${gateway.url()}/sse`, { headers: { accept: 'text/event-stream' } }),
      ),
    );
    const streams = opened.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    const refusals = opened.flatMap((each) => (each.status === 'rejected' ? [String(each.reason)] : []));
    expect(streams).toHaveLength(5);
    expect(new Set(refusals)).toEqual(new Set(['Error: no stream: 503']));
    for (const stream of streams) stream.close();
    const reopened = async (): Promise<boolean> => {
      const headers = { accept: 'text/event-stream' };
      const stream = await EventStreamClient.open(`${gateway.url()}/sse`, { headers }).catch(() => undefined);
      stream?.close();
      return stream !== undefined;
    };
    await expect.poll(reopened, { timeout: 10_000 }).toBe(true);
  });
});

/** Sends the same request again and again, on connections of their own, so that threads share them. */
const postEach = async (
  url: string,
  count: number,
  { headers, body }: { headers: Record<string, string>; body: string },
) => {
  const replies = [];
  for (let index = 0; index < count; index += 1) {
    const reply = await request(url, { method: 'POST', reset: true, headers, body });
    replies.push({ status: reply.statusCode, text: await reply.body.text() });
  }
  return replies;
};

/** Of nine streams five are let in. */
const subscribeTooOften = async (url: string): Promise<void> => {
  const params = { notifications: { toolsListChanged: true } };
  const statuses = [];
  const bodies = [];
  for (let index = 0; index < 9; index += 1) {
    const reply = await request(url, {
      method: 'POST',
      reset: true,
      headers: modernHeaders('subscriptions/listen', params, {}),
      body: modernBody('subscriptions/listen', params),
    });
    bodies.push(reply.body);
    statuses.push(reply.statusCode);
    if (reply.statusCode === 503)
      expect(await reply.body.json()).toMatchObject({
        error: { data: { code: 'too_many_subscriptions' } },
      });
  }
  expect(statuses).toEqual([...Array(5).fill(200), ...Array(4).fill(503)]);
  for (const body of bodies) body.on('error', () => undefined).destroy();
};

describe('caps of several threads on what comes in', () => {
  /** The start of a body that is never whole; the answer to what there is no room for, if it comes. */
  const stall = async (url: string, bytes: number): Promise<{ socket: Socket; refused: boolean }> => {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    socket.on('error', () => undefined);
    const answer = new Promise<boolean>((resolve) => socket.once('data', () => resolve(true)));
    const head = `POST /mcp HTTP/1.1\r\nHost: ${hostname}:${port}\r\nContent-Type: application/json\r\n`;
    socket.write(
      `${head}Accept: application/json, text/event-stream\r\nContent-Length: ${bytes + 1}\r\n\r\n`,
    );
    const written = new Promise<boolean>((resolve) => socket.write('x'.repeat(bytes), () => resolve(false)));
    // What was written may not be read yet.
    const refused =
      (await Promise.race([answer, written])) || (await Promise.race([answer, delay(1_500, false)]));
    return { socket, refused };
  };

  it('hold for what bodies of one address have in memory, whichever threads they come to', async () => {
    await using gateway = await start({
      pressure: { memory: '512MiB' },
      listener: { sizes: { body: '16MiB' } },
    });
    // An eighth for all, and half of that for one address: three times 10 MiB. Of a thread's own it would be two.
    const bodies = [];
    for (let body = 0; body < 5; body += 1) bodies.push(await stall(gateway.url(), 10 * 1024 * 1024));
    expect(bodies.map(({ refused }) => refused)).toEqual([false, false, false, true, true]);
    for (const { socket } of bodies) socket.destroy();
    const free = async (): Promise<boolean> => {
      const { socket, refused } = await stall(gateway.url(), 10 * 1024 * 1024);
      socket.destroy();
      return !refused;
    };
    await expect.poll(free, { timeout: 20_000 }).toBe(true);
  });

  it('hold for TLS connections of one address, also after a reload and the end of a thread', async () => {
    const over = (more: object = {}) => {
      const whole = JSON.parse(configuration({ echo: upstream.url }, { workers: 2, ...more }));
      whole.listeners.main.tls = { certificate: '${file:./tls.pem}', key: '${file:./tls.pem}' };
      whole.listeners.main.connections = { handshakes: '5/h' };
      return JSON.stringify(whole);
    };
    const { certificate, key } = makeCertificate('caps');
    const files = { 'tls.pem': certificate + key };
    await using gateway = await startTestGateway(over(), { tap: false, files });
    const { hostname, port } = new URL(gateway.url());
    const handshake = async (): Promise<boolean> => {
      const socket = connectTls({ host: hostname, port: Number(port), rejectUnauthorized: false });
      const begun = new Promise<boolean>((resolve) => {
        socket.on('error', () => resolve(false)).once('close', () => resolve(false));
        socket.once('secureConnect', () => resolve(true));
      });
      const isUp = await begun;
      socket.destroy();
      return isUp;
    };
    const handshakes = async (count: number): Promise<number> => {
      let up = 0;
      for (let index = 0; index < count; index += 1) if (await handshake()) up += 1;
      return up;
    };
    expect(await handshakes(6)).toBe(6);
    expect((await gateway.load(over({ server: { provenance: true } }))).result).toBe('applied');
    await threads.all[0]!.terminate();
    await expect.poll(() => running(gateway), { timeout: 30_000 }).toBe(2);
    expect(await handshakes(20)).toBe(4);
    expect(await gateway.metrics()).toContain(
      'gatewright_connections_refused_total{listener="main",reason="handshakes"} 16\n',
    );
  });
});

describe('a unix socket before several threads', () => {
  const callOver = async (path: string): Promise<number> => {
    const client = new Client('http://localhost', { socketPath: path });
    try {
      const reply = await client.request({
        path: '/mcp',
        method: 'POST',
        headers: modernHeaders('tools/call', { name: 'echo' }, {}),
        body: modernBody('tools/call', { name: 'echo' }),
      });
      await reply.body.text();
      return reply.statusCode;
    } finally {
      await client.close();
    }
  };

  it('is served, beside other listeners, through reloads and the end of the thread that serves it', async () => {
    const over = (path: string, more: object = {}) => {
      const whole = JSON.parse(configuration({ echo: upstream.url }, { workers: 2, ...more }));
      whole.listeners.local = { bind: `unix:${path}` };
      whole.servers.main.at.push({ listener: 'local', path: '/mcp' });
      return JSON.stringify(whole);
    };
    await using gateway = await start({});
    const path = join(gateway.folder, 'gateway.sock');
    expect((await gateway.load(over(path))).result).toBe('applied');
    expect(await callOver(path)).toBe(200);
    expect((await gateway.load(over(path, { server: { provenance: true } }))).result).toBe('applied');
    expect(await callOver(path)).toBe(200);
    for (const victim of threads.all.slice(0, 2)) {
      await victim.terminate();
      await expect.poll(() => running(gateway), { timeout: 30_000 }).toBe(2);
      expect(await callOver(path)).toBe(200);
    }
    expect((await gateway.load(over(join(gateway.folder, 'other.sock')))).result).toBe('applied');
    expect(await callOver(join(gateway.folder, 'other.sock'))).toBe(200);
    await expect(callOver(path)).rejects.toThrow();
  });
});

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RawConnection } from '../runtime/listen/raw-client.ts';
import { CliProcess } from '../support/cli-process.ts';
import { configuration } from '../support/configuration.ts';
import { EventStreamClient } from '../support/event-stream-client.ts';
import {
  answer,
  type Behaviour,
  event,
  type FastUpstream,
  hang,
  openStream,
  type Received,
} from '../support/fast-upstream.ts';
import { openSession } from '../support/legacy-client.ts';
import { callTool, modernBody, modernHeaders } from '../support/modern-client.ts';
import { startToolUpstream } from '../support/tool-upstream.ts';

// A log of more than a pipe holds takes a thousand calls.
vi.setConfig({ testTimeout: 60_000 });

const CALL_MS = 2000;
/** Signals that come closer to each other are one. */
const ECHO_MS = 100;
/** What a loaded machine may add to a deadline. */
const SCHEDULING_MS = 1_500;

let folder: string;
let upstream: FastUpstream;
let cli: CliProcess | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gatewright-shutdown-'));
  upstream = await startToolUpstream('tracker', ['get_issue']);
});
afterEach(async () => {
  await cli?.close();
  await upstream.close();
  await rm(folder, { recursive: true });
});

/** A gateway as a process of its own; resolves with its endpoint. */
const start = async (shutdown: object, over: object = {}): Promise<string> => {
  const file = join(folder, 'gateway.yaml');
  await writeFile(file, configuration({ tracker: upstream.url }, { shutdown, ops: false, ...over }));
  cli = new CliProcess(['run', file]);
  const [, url] = await cli.seen(/main +(http:\/\/127\.0\.0\.1:\d+\/mcp)/);
  return url!;
};

/** Resolves when a connection is refused. */
const refused = async (url: string): Promise<void> => {
  const attempt = () =>
    new Promise<string>((resolve) => {
      const socket = connect(Number(new URL(url).port), '127.0.0.1');
      socket.once('connect', () => resolve('connected'));
      socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code!));
      socket.once('connect', () => socket.destroy());
    });
  await expect.poll(attempt, { timeout: 5000, interval: 20 }).toBe('ECONNREFUSED');
};

/** Opens a subscription that nothing is ever told on. */
const acknowledge: Behaviour = ({ message, response }) => {
  openStream(response);
  const _meta = { 'io.modelcontextprotocol/subscriptionId': message.id };
  const params = { notifications: message.params?.notifications, _meta };
  response.write(event({ jsonrpc: '2.0', method: 'notifications/subscriptions/acknowledged', params }));
};

const listen = (url: string, agent?: http.Agent): Promise<EventStreamClient> => {
  const params = { notifications: { toolsListChanged: true } };
  return EventStreamClient.open(
    url,
    {
      method: 'POST',
      headers: modernHeaders('subscriptions/listen', params, {}),
      ...(agent === undefined ? {} : { agent }),
    },
    modernBody('subscriptions/listen', params, { id: 'sub-1' }),
  );
};

describe('SIGTERM', () => {
  it('[INFRA-15/calls] lets a call of two seconds complete, takes no new connection, ends streams in order, exits with 0', async () => {
    // The deadline is what bounds a call.
    const url = await start({ window: '200ms', deadline: '20s' });
    upstream.on('subscriptions/listen', acknowledge);
    const subscription = await listen(url);
    const session = await openSession(url);
    const stream = await EventStreamClient.open(url, {
      headers: { ...session, accept: 'text/event-stream' },
    });
    await callTool(url, 'get_issue');
    let held: Received | undefined;
    upstream.behave((received) => {
      held = received;
    });
    const before = upstream.calls;
    const call = callTool(url, 'get_issue', { n: 1 });
    await upstream.until(() => upstream.calls > before);
    const startedMs = performance.now();
    cli!.child.kill('SIGTERM');

    expect(await stream.over).toBe('ended');
    expect(await subscription.over).toBe('ended');
    expect(subscription.messages.at(-1)).toMatchObject({ id: 'sub-1', result: { resultType: 'complete' } });
    await refused(url);

    setTimeout(() => answer(held!), Math.max(0, CALL_MS - (performance.now() - startedMs)));
    const { status, body } = await call;
    expect([status, body.result.content[0].text]).toEqual([200, '{"n":1}']);
    expect(await cli!.exited()).toBe(0);
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(CALL_MS - 50);
    expect(upstream.calls).toBe(before + 1);
  });

  it('[INFRA-15/calls] cuts what is still open at the deadline, and exits with 0', async () => {
    const url = await start({ window: '100ms', deadline: '600ms' });
    await callTool(url, 'get_issue');
    upstream.behave(hang);
    const before = upstream.calls;
    const call = callTool(url, 'get_issue').catch((error: NodeJS.ErrnoException) => error);
    await upstream.until(() => upstream.calls > before);
    const startedMs = performance.now();
    cli!.child.kill('SIGTERM');
    expect(await call).toBeInstanceOf(Error);
    expect(await cli!.exited()).toBe(0);
    expect(performance.now() - startedMs).toBeLessThan(600 + SCHEDULING_MS);
  });

  it('[INFRA-15/calls] is not held up by clients that open their streams again on connections they still have', async () => {
    const url = await start({ window: '5s', deadline: '20s' });
    upstream.on('subscriptions/listen', acknowledge);
    const session = await openSession(url);
    const reopen = async (open: () => Promise<EventStreamClient>): Promise<string> => {
      for (let opened = 0; ; opened += 1) {
        const stream = await open().catch((error: Error) => error.message);
        if (typeof stream === 'string') return `${opened > 0} ${stream}`;
        if (opened === 0) ready();
        await stream.over;
      }
    };
    let waiting = 2;
    const { promise: opened, resolve } = Promise.withResolvers<void>();
    const ready = () => {
      waiting -= 1;
      if (waiting === 0) resolve();
    };
    const headers = { ...session, accept: 'text/event-stream' };
    const agents = [0, 1].map(() => new http.Agent({ keepAlive: true, maxSockets: 1 }));
    const ends = [
      reopen(() => EventStreamClient.open(url, { agent: agents[0]!, headers })),
      reopen(() => listen(url, agents[1])),
    ];
    await opened;
    const startedMs = performance.now();
    cli!.child.kill('SIGTERM');
    for (const end of ends) expect(await end).toMatch(/^true (no stream: 503|.*(ECONN|socket hang up))/);
    expect(await cli!.exited()).toBe(0);
    expect(performance.now() - startedMs).toBeLessThan(5000);
  });

  it('[INFRA-15/calls] ends streams at moments of their own within the window, so that their clients do not all come back at once', async () => {
    const url = await start({ window: '3s', deadline: '20s' });
    upstream.on('subscriptions/listen', acknowledge);
    const session = await openSession(url);
    const headers = { ...session, accept: 'text/event-stream' };
    const streams = await Promise.all([
      EventStreamClient.open(url, { headers }),
      ...Array.from({ length: 120 }, () => listen(url, new http.Agent())),
    ]);
    let open = streams.length;
    const openWhenSeen: number[] = [];
    const look = setInterval(() => void openWhenSeen.push(open), 50);
    const ends = streams.map(async ({ over }) => {
      expect(await over).toBe('ended');
      open -= 1;
    });
    const startedMs = performance.now();
    cli!.child.kill('SIGTERM');
    await Promise.all(ends);
    clearInterval(look);
    // A quarter, a half and three quarters of them were seen to be over, one after the other.
    for (const share of [0.25, 0.5, 0.75])
      expect(openWhenSeen.filter((seen) => Math.abs(seen / streams.length - share) < 0.2)).not.toEqual([]);
    expect(await cli!.exited()).toBe(0);
    expect(performance.now() - startedMs).toBeLessThan(15_000);
  });

  it.each([
    ['its head', 'POST /mcp HTTP/1.1\r\nHost: local'],
    [
      'its body',
      'POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 90\r\n\r\n{',
    ],
    ['nothing', ''],
  ])(
    '[INFRA-15/calls] waits within the window for who has sent half of a request, of %s, and no longer',
    async (_, half) => {
      const url = await start({ window: '600ms', deadline: '60s' });
      await callTool(url, 'get_issue');
      const connection = new RawConnection(Number(new URL(url).port));
      connection.write(half.replace('localhost', new URL(url).host));
      await new Promise((resolve) => connection.socket.once('connect', resolve));
      // Another's reply comes after what was sent before it.
      await callTool(url, 'get_issue');
      const startedMs = performance.now();
      cli!.child.kill('SIGTERM');
      await connection.closed;
      expect(performance.now() - startedMs).toBeGreaterThanOrEqual(500);
      expect(connection.text).toMatch(/^HTTP\/1\.1 408 |^$/);
      expect(await cli!.exited()).toBe(0);
      expect(performance.now() - startedMs).toBeLessThan(20_000);
    },
  );

  it('[INFRA-15/calls] serves a request of which the rest comes within the window', async () => {
    const url = await start({ window: '10s', deadline: '60s' });
    await callTool(url, 'get_issue');
    const connection = new RawConnection(Number(new URL(url).port));
    const body = modernBody('tools/call', { name: 'get_issue', arguments: { n: 7 } }, { id: 7 });
    const headers = modernHeaders('tools/call', { name: 'get_issue' }, {});
    const head = Object.entries({ ...headers, host: new URL(url).host, 'content-length': body.length });
    connection.write(
      `POST /mcp HTTP/1.1\r\n${head.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body.slice(0, 20)}`,
    );
    await new Promise((resolve) => connection.socket.once('connect', resolve));
    await callTool(url, 'get_issue');
    cli!.child.kill('SIGTERM');
    await refused(url);
    connection.write(body.slice(20));
    await connection.closed;
    expect(connection.text).toMatch(/^HTTP\/1\.1 200 /);
    expect(connection.text).toContain('"id":7');
    expect(await cli!.exited()).toBe(0);
  });

  /** A gateway of which the log is not read, and holds more than a pipe does; resolves with its endpoint. */
  const startUnread = async (shutdown: object, calls: number): Promise<string> => {
    const url = await start(shutdown, { telemetry: { log: { access: true } } });
    cli!.child.stderr!.pause();
    for (let done = 0; done < calls; done += 40)
      await Promise.all(Array.from({ length: 40 }, () => callTool(url, 'get_issue')));
    return url;
  };

  it.each([0, 300, 700])(
    '[INFRA-15/calls] writes the log to its last line for a reader that was behind and is back %i ms after the signal',
    async (lateMs) => {
      const calls = 1_200;
      await startUnread({ window: '100ms', deadline: '20s' }, calls);
      cli!.child.kill('SIGTERM');
      setTimeout(() => cli!.child.stderr!.resume(), lateMs);
      expect(await cli!.exited()).toBe(0);
      const lines = cli!.err
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line));
      expect(lines.at(-1)).toMatchObject({ msg: 'stopped' });
      expect(lines.filter((line) => JSON.stringify(line).includes('get_issue'))).toHaveLength(calls);
    },
  );

  it.each(['nothing', 'a call'])(
    '[INFRA-15/calls] exits with 0 at the deadline where nobody reads the log any more and %s is in flight',
    async (inFlight) => {
      const url = await startUnread({ window: '100ms', deadline: '3s' }, 1_200);
      if (inFlight === 'a call') {
        upstream.behave(hang);
        const before = upstream.calls;
        callTool(url, 'get_issue').catch(() => undefined);
        await upstream.until(() => upstream.calls > before);
      }
      const exited = new Promise((resolve) => cli!.child.once('exit', resolve));
      const startedMs = performance.now();
      cli!.child.kill('SIGTERM');
      expect(await exited).toBe(0);
      expect(performance.now() - startedMs).toBeLessThan(3_000 + SCHEDULING_MS);
      cli!.child.stderr!.resume();
    },
  );

  it('[INFRA-15/calls] a second time ends the process at once', async () => {
    const url = await start({ window: '30s', deadline: '60s' });
    await callTool(url, 'get_issue');
    const session = await openSession(url);
    const stream = await EventStreamClient.open(url, {
      headers: { ...session, accept: 'text/event-stream' },
    });
    upstream.behave(hang);
    const before = upstream.calls;
    const call = callTool(url, 'get_issue').catch((error: Error) => error);
    await upstream.until(() => upstream.calls > before);
    cli!.child.kill('SIGTERM');
    // Taken, while the stream waits for its moment within the window.
    await refused(url);
    const seenMs = performance.now();
    await expect.poll(() => performance.now() - seenMs, { interval: 10 }).toBeGreaterThan(ECHO_MS);
    expect(cli!.child.exitCode).toBe(null);
    const againMs = performance.now();
    cli!.child.kill('SIGTERM');
    expect(await cli!.exited()).toBe(1);
    expect(performance.now() - againMs).toBeLessThan(SCHEDULING_MS);
    expect(await call).toBeInstanceOf(Error);
    await stream.over;
  });
});

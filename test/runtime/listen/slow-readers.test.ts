import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { rememberConnection } from '../../../runtime/listen/connection.ts';
import type { WebExchange } from '../../../runtime/listen/exchange.ts';
import { replyText } from '../../../runtime/listen/reply.ts';
import { NEVER_SHEDS, type Shedding } from '../../../runtime/listen/shedding.ts';
import { SlowReaders } from '../../../runtime/listen/slow-readers.ts';
import { UnreadRoom } from '../../../runtime/listen/unread-room.ts';
import { makeCertificate } from '../../support/certificate.ts';
import { listenerNode, serve, until } from './listener-fixture.ts';

const GET = 'GET /reply HTTP/1.1\r\nHost: localhost\r\n\r\n';
const MUCH = 'x'.repeat(16 * 1024 * 1024);

const ignore = (): void => undefined;

/** A client that sends a request and reads nothing. */
const silent = (port: number): Socket => {
  const socket = connect(port, '127.0.0.1').pause();
  socket.on('error', ignore);
  socket.write(GET);
  return socket;
};

describe('readers under pressure', () => {
  it('are cut off where they leave more unread than may be, the others go on', async () => {
    const room = new UnreadRoom();
    const { relieved } = room;
    const shedding: Shedding = { ...NEVER_SHEDS, unread: room };
    await using served = await serve(
      listenerNode(),
      { '/reply': (exchange) => replyText(exchange as WebExchange, 200, 'text/plain', MUCH) },
      shedding,
    );
    const reader = silent(served.port);
    await until(() => served.observer.started === 1);
    const whole = fetch(`${served.url}/reply`).then((reply) => reply.text());
    expect(await whole).toHaveLength(MUCH.length);
    for (const relieve of relieved) relieve(64 * 1024 * 1024);
    expect(served.observer.finished).toHaveLength(1);
    for (const relieve of relieved) relieve(64 * 1024);
    await until(() => served.observer.finished.length === 2);
    expect(served.observer.finished[1]!.record.outcome).toBe('slow_reader');
    reader.destroy();
  });
});

describe('readers of many streams of one connection under pressure', () => {
  const LITTLE = 'x'.repeat(60 * 1024);
  const STREAMS = 20;
  const certificate = makeCertificate('first');

  const ask = async (client: ClientHttp2Session): Promise<{ readonly text: () => Promise<string> }> => {
    const stream = client.request({ ':authority': 'localhost', ':path': '/reply' });
    stream.on('error', ignore);
    await once(stream, 'response');
    return { text: async () => Buffer.concat(await stream.toArray()).toString() };
  };

  it('are cut off where they leave little in each and much in all, until the rest may be', async () => {
    const room = new UnreadRoom();
    const { relieved } = room;
    await using served = await serve(
      listenerNode({ tls: { ...certificate, minVersion: '1.2' }, http: ['h2'] }),
      { '/reply': (exchange) => replyText(exchange as WebExchange, 200, 'text/plain', LITTLE) },
      { ...NEVER_SHEDS, unread: room },
    );
    const open = (initialWindowSize: number): ClientHttp2Session =>
      connectHttp2(`https://127.0.0.1:${served.port}`, {
        ca: certificate.certificate,
        settings: { initialWindowSize },
      }).on('error', ignore);
    const [silentOne, reader] = [open(0), open(2 ** 20)];
    const unread = await Promise.all(Array.from({ length: STREAMS }, () => ask(silentOne)));
    for (const relieve of relieved) relieve(STREAMS * LITTLE.length);
    expect(await (await ask(reader)).text()).toBe(LITTLE);
    await until(() => served.observer.finished.length === 1);
    for (const relieve of relieved) relieve(5 * LITTLE.length);
    await until(() => served.observer.finished.length === 1 + STREAMS - 5);
    const [first, ...cut] = served.observer.finished;
    expect(first!.record.outcome).not.toBe('slow_reader');
    expect(new Set(cut.map(({ record }) => record.outcome))).toEqual(new Set(['slow_reader']));
    silentOne.settings({ initialWindowSize: 2 ** 20 });
    const texts = await Promise.allSettled(unread.map((each) => each.text()));
    expect(texts.filter((each) => each.status === 'fulfilled' && each.value === LITTLE)).toHaveLength(5);
    silentOne.destroy();
    reader.destroy();
  });
});

describe('readers that take nothing', () => {
  /** Answers with `MUCH`; looks every 20 ms, and waits for each reader 1,200 ms. */
  const start = async () => {
    const slowReaders = new SlowReaders(20, 1_200);
    const outcomes: { outcome: string }[] = [];
    const server = createServer((request: IncomingMessage, response: ServerResponse) => {
      const { socket } = request;
      const connection = rememberConnection(socket, '127.0.0.1');
      const record = { outcome: 'ok' };
      outcomes.push(record);
      connection.current = { record } as never;
      slowReaders.connected(socket, connection);
      socket.once('close', () => slowReaders.disconnected(socket));
      response.end(MUCH);
    });
    server.on('timeout', (socket: Socket) => slowReaders.timedOut(socket));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return {
      port: (server.address() as AddressInfo).port,
      outcomes,
      [Symbol.asyncDispose]: async () => {
        slowReaders.close();
        server.closeAllConnections();
        await once(server.close(), 'close');
      },
    };
  };

  it('are cut off after a while, and it is said so', async () => {
    await using served = await start();
    const reader = silent(served.port);
    await until(() => served.outcomes[0]?.outcome === 'slow_reader');
    reader.destroy();
  });

  it('are left alone as long as they read on, however slowly', async () => {
    await using served = await start();
    const reader = silent(served.port);
    const startedMs = performance.now();
    let received = 0;
    reader.on('data', (chunk: Buffer) => {
      received += chunk.length;
      reader.pause();
      setTimeout(() => reader.resume(), 12);
    });
    reader.resume();
    await until(() => received > 8 * 1024 * 1024);
    expect(performance.now() - startedMs).toBeGreaterThan(1_400);
    expect(served.outcomes[0]!.outcome).toBe('ok');
    reader.destroy();
  });
});

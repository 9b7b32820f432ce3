import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { rememberConnection } from '../../../runtime/listen/connection.ts';
import type { WebExchange } from '../../../runtime/listen/exchange.ts';
import { replyText } from '../../../runtime/listen/reply.ts';
import { NEVER_SHEDS, type Shedding } from '../../../runtime/listen/shedding.ts';
import { SlowReaders } from '../../../runtime/listen/slow-readers.ts';
import { UnreadRoom } from '../../../runtime/listen/unread-room.ts';
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

describe('readers that take nothing', () => {
  /** Answers with `MUCH`; looks every 20 ms, and waits for each reader 400 ms. */
  const start = async () => {
    const slowReaders = new SlowReaders(20, 400);
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
    let received = 0;
    reader.on('data', (chunk: Buffer) => {
      received += chunk.length;
      reader.pause();
      setTimeout(() => reader.resume(), 5);
    });
    reader.resume();
    await until(() => received > 8 * 1024 * 1024);
    expect(served.outcomes[0]!.outcome).toBe('ok');
    reader.destroy();
  });
});

/** Connections that are read into the same memory: none may see what another one has sent. */
import { createServer, type Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { Handler } from '../../../../runtime/generation.ts';
import { readBody } from '../../../../runtime/listen/body.ts';
import { readTogether } from '../../../../runtime/listen/http1/read-together.ts';
import { detach } from '../../../../runtime/listen/http1/socket-events.ts';
import { replyError, replyText } from '../../../../runtime/listen/reply.ts';
import { listenerNode, serve, until } from '../listener-fixture.ts';
import { RawConnection } from '../raw-client.ts';

const MAX_BODY_BYTES = 20_000;
const CONNECTIONS = 8;

const echo: Handler = (exchange) =>
  readBody(
    exchange,
    MAX_BODY_BYTES,
    (text) => replyText(exchange, 200, 'text/plain', `${exchange.request.headers['x-name']}:${text};`),
    (error) => replyError(exchange, error),
  );

/** As where a caller has to be identified first: the body waits meanwhile. */
const echoLater: Handler = (exchange) => void setImmediate().then(() => echo(exchange));

const post = (path: string, name: string, body: string): string =>
  `POST ${path} HTTP/1.1\r\nHost: localhost\r\nX-Name: ${name}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

const inChunks = (path: string, name: string, body: string): string => {
  const middle = body.length >> 1;
  const chunks = [body.slice(0, middle), body.slice(middle)]
    .filter((part) => part !== '')
    .map((part) => `${part.length.toString(16)}\r\n${part}\r\n`);
  return `POST ${path} HTTP/1.1\r\nHost: localhost\r\nX-Name: ${name}\r\nTransfer-Encoding: chunked\r\n\r\n${chunks.join('')}0\r\n\r\n`;
};

/** Of each connection something else, longer and shorter. */
const bodyOf = (connection: number, request: number): string =>
  String.fromCharCode(97 + connection).repeat([0, 1, 300, 12_000][request % 4]!);

it('what comes cut at any place, and between the pieces of others, is answered to whom it came from', async () => {
  await using served = await serve(listenerNode(), { '/now': echo, '/later': echoLater });
  const clients = Array.from({ length: CONNECTIONS }, (_, at) => {
    const requests = Array.from({ length: 8 }, (_each, request) => {
      const send = request % 2 === 0 ? post : inChunks;
      return send(request % 3 === 0 ? '/later' : '/now', `n${at}-${request}`, bodyOf(at, request >> 1));
    });
    return { connection: new RawConnection(served.port), bytes: requests.join(''), sent: 0 };
  });
  let step = 7;
  while (clients.some(({ sent, bytes }) => sent < bytes.length)) {
    for (const client of clients) {
      step = (step * 31) % 10_007;
      client.connection.write(client.bytes.slice(client.sent, client.sent + step));
      client.sent += step;
    }
    await setImmediate();
  }
  for (const [at, { connection }] of clients.entries()) {
    const wanted = Array.from(
      { length: 8 },
      (_, request) => `n${at}-${request}:${bodyOf(at, request >> 1)};`,
    );
    await connection.until(wanted.at(-1)!);
    expect(connection.text.match(/n\d+-\d+:[a-z]*;/g)).toEqual(wanted);
    connection.socket.destroy();
  }
});

it('a socket that goes on in another protocol keeps what it reads, and its client waits while nobody reads', async () => {
  const accepted = Promise.withResolvers<Socket>();
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, accepted.resolve);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const client = new RawConnection(typeof address === 'object' && address !== null ? address.port : 0);
  const socket = readTogether(await accepted.promise);
  detach(socket);
  const bytes = 'x'.repeat(64 * 1024 * 1024);
  client.write(bytes);
  await until(() => socket.readableLength > 0);
  for (let turns = 0; turns < 50; turns += 1) await setImmediate();
  expect(socket.readableLength).toBeLessThan(1024 * 1024);
  client.socket.end('y');
  let read = 0;
  let last = '';
  for await (const chunk of socket) {
    read += (chunk as Buffer).length;
    last = (chunk as Buffer).toString('latin1').slice(-1);
  }
  expect([read, last]).toEqual([bytes.length + 1, 'y']);
  socket.destroy();
  server.close();
});

it('a listener counts each connection once, and sees all of them end', async () => {
  await using served = await serve(listenerNode(), { '/now': echo });
  const clients = Array.from({ length: CONNECTIONS }, () => new RawConnection(served.port));
  for (const client of clients) client.write(post('/now', 'a', 'b'));
  await Promise.all(clients.map((client) => client.until('a:b;')));
  expect(served.observer.opened).toBe(CONNECTIONS);
  for (const client of clients) client.socket.destroy();
  await until(() => served.observer.closed === CONNECTIONS);
});

import { afterEach, describe, expect, it } from 'vitest';
import { readBody } from '../../../runtime/listen/body.ts';
import type { WebExchange } from '../../../runtime/listen/exchange.ts';
import { replyError, replyJson, writeHead } from '../../../runtime/listen/reply.ts';
import type { ListenerNode } from '../../../schema/graph/listener.ts';
import { listenerNode, type ServedListener, serve, until } from './listener-fixture.ts';
import { exchangeRaw, RawConnection } from './raw-client.ts';

let served: ServedListener;
const waiting: WebExchange[] = [];
afterEach(async () => {
  waiting.length = 0;
  await served[Symbol.asyncDispose]();
});

const start = async (changes: Partial<ListenerNode> = {}): Promise<void> => {
  served = await serve(listenerNode(changes), {
    '/mcp': (exchange) =>
      readBody(
        exchange,
        4096,
        (text) => replyJson(exchange, 200, JSON.stringify({ text })),
        (error) => replyError(exchange, error),
      ),
    '/wait': (exchange) => waiting.push(exchange),
  });
};

const quick = (changes: Partial<ListenerNode['connections']>): Partial<ListenerNode> => ({
  connections: { ...listenerNode().connections, ...changes },
});

const POST = 'POST /mcp HTTP/1.1\r\nHost: localhost\r\n';

describe('what is not a request in time', () => {
  it('gets a bare 408 if the headers do not come, slowly or at all', async () => {
    await start(quick({ headerTimeoutMs: 150 }));
    const silent = new RawConnection(served.port);
    const slow = new RawConnection(served.port);
    slow.write('POST /mcp HTTP/1.1\r\n');
    const drip = setInterval(() => slow.write('X-A: b\r\n'), 20);
    await Promise.all([silent.closed, slow.closed]);
    clearInterval(drip);
    for (const { text } of [silent, slow]) {
      expect(text).toMatch(/^HTTP\/1.1 408 Request Timeout\r\n/);
      expect(text).toContain('x-content-type-options: nosniff\r\n');
    }
    expect(served.observer.bad).toEqual([408, 408]);
  });

  it('gets a bare 408 if the body does not come, and is recorded', async () => {
    await start(quick({ headerTimeoutMs: 100, bodyTimeoutMs: 100 }));
    const reply = await exchangeRaw(served.port, `${POST}Content-Length: 10\r\n\r\nhalf`);
    expect(reply).toMatch(/^HTTP\/1.1 408/);
    expect(reply).toContain('x-correlation-id: ');
    await until(() => served.held() === 0);
    expect(served.observer.finished[0]!.record.outcome).toBe('body_timeout');
  });

  it('is closed without a word once its connection has been idle for long enough', async () => {
    await start(quick({ idleTimeoutMs: 50 }));
    const connection = new RawConnection(served.port);
    connection.write(`${POST}Content-Length: 2\r\n\r\nok`);
    await connection.closed;
    expect(connection.text.match(/HTTP\/1.1 \d+/g)).toEqual(['HTTP/1.1 200']);
    expect(served.observer.bad).toEqual([]);
  });
});

describe('what is not HTTP/1.1', () => {
  it('gets 431 if the headers are larger than allowed', async () => {
    await start({ sizes: { ...listenerNode().sizes, headerBytes: 2_048 } });
    const reply = await exchangeRaw(served.port, `${POST}X-Big: ${'x'.repeat(4_000)}\r\n\r\n`);
    expect(reply).toMatch(/^HTTP\/1.1 431/);
    expect(reply).toContain('x-content-type-options: nosniff\r\n');
  });

  it('gets 400 and a closed connection if its framing could be read in two ways', async () => {
    await start();
    const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n';
    const chunked = `0\r\n\r\n${smuggled}`;
    for (const lines of [
      `Content-Length: ${chunked.length}\r\nTransfer-Encoding: chunked\r\n`,
      `Transfer-Encoding: chunked\r\nContent-Length: ${chunked.length}\r\n`,
      'Content-Length: 5\r\nContent-Length: 6\r\n',
      'Content-Length: 5, 6\r\n',
      'Content-Length: +5\r\n',
      'Content-Length: -1\r\n',
      'Content-Length: 0x5\r\n',
      'Transfer-Encoding: xchunked\r\n',
      'Transfer-Encoding: chunked, identity\r\n',
      'Transfer-Encoding : chunked\r\n',
      'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n',
      ' Content-Length: 5\r\n',
      'X: a\nTransfer-Encoding: chunked\r\n',
      'X: a\rb\r\n',
      'X\0: a\r\n',
    ]) {
      const reply = await exchangeRaw(served.port, `${POST}${lines}\r\n${chunked}`);
      expect([lines, reply.match(/HTTP\/1.1 \d+/g)]).toEqual([lines, ['HTTP/1.1 400']]);
    }
    await until(() => served.held() === 0);
    expect(served.observer.finished.map(({ path }) => path)).not.toContain('/smuggled');
  });

  it('gets 400 for chunks that are none, instead of the reply to the request', async () => {
    await start();
    for (const chunks of ['zz\r\n', '5\r\nhello world', '5;x=\u0001\r\n', '\r\n\r\n', '5\nhello\n0\n\n']) {
      const reply = await exchangeRaw(served.port, `${POST}Transfer-Encoding: chunked\r\n\r\n${chunks}`);
      expect([chunks, reply.match(/HTTP\/1.1 \d+/g)]).toEqual([chunks, ['HTTP/1.1 400']]);
    }
  });

  it('is refused behind a request when that has its reply, which it does not touch', async () => {
    await start();
    const connection = new RawConnection(served.port);
    connection.write('GET /wait HTTP/1.1\r\nHost: localhost\r\n\r\nGARBAGE\r\n\r\n');
    await until(() => waiting.length === 1);
    expect(replyJson(waiting[0]!, 200, '{}')).toBe(true);
    await connection.closed;
    expect(connection.text.match(/HTTP\/1.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 400']);
    expect(served.held()).toBe(0);
    expect(served.observer.bad).toEqual([400]);
  });

  it('is cut off in silence where the reply to its request has begun', async () => {
    await start();
    const connection = new RawConnection(served.port);
    connection.write('POST /wait HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n');
    await until(() => waiting.length === 1);
    const [exchange] = waiting;
    writeHead(exchange!, 200, []);
    exchange!.response.write('begun');
    readBody(exchange!, 4096, expect.unreachable, ({ code }) => expect.unreachable(code));
    await connection.until('begun');
    connection.write('zz\r\n');
    await connection.closed;
    expect(connection.text.match(/HTTP\/1.1 \d+/g)).toEqual(['HTTP/1.1 200']);
    await until(() => served.held() === 0);
    expect(served.observer.bad).toEqual([0]);
  });

  it('does no harm: a request that has no turn yet is not begun when its connection goes', async () => {
    await start();
    const aborted: string[] = [];
    const connection = new RawConnection(served.port);
    connection.write(
      'GET /wait?1 HTTP/1.1\r\nHost: localhost\r\n\r\nGET /wait?2 HTTP/1.1\r\nHost: localhost\r\n\r\n',
    );
    await until(() => waiting.length === 1);
    for (const exchange of waiting) exchange.onAbort = () => aborted.push(exchange.request.url!);
    expect(served.held()).toBe(1);
    connection.socket.destroy();
    await until(() => served.held() === 0 && served.observer.closed === 1);
    expect(aborted).toEqual(['/wait?1']);
    expect(waiting).toHaveLength(1);
  });

  it('may not upgrade or tunnel', async () => {
    await start();
    const upgrade = await exchangeRaw(
      served.port,
      'GET /nowhere HTTP/1.1\r\nHost: localhost\r\nConnection: upgrade, close\r\nUpgrade: websocket\r\n\r\n',
    );
    expect(upgrade).toMatch(/^HTTP\/1.1 404/);
    const tunnel = await exchangeRaw(served.port, 'CONNECT evil:443 HTTP/1.1\r\nHost: evil:443\r\n\r\n');
    expect(tunnel).not.toMatch(/^HTTP\/1.1 2/);
  });

  it('has no HTTP/2 without TLS', async () => {
    await start();
    expect(await exchangeRaw(served.port, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')).toMatch(/^HTTP\/1.1 400/);
  });
});

/** Clients that send before they are answered: others have their turn, and those that leave are seen to leave. */
import { setImmediate } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { WebExchange } from '../../../../runtime/listen/exchange.ts';
import { HeadReader } from '../../../../runtime/listen/http1/head-reader.ts';
import type { Http1Request } from '../../../../runtime/listen/http1/request.ts';
import { replyEmpty, replyJson } from '../../../../runtime/listen/reply.ts';
import { listenerNode, type ServedListener, serve, until } from '../listener-fixture.ts';
import { exchangeRaw, RawConnection } from '../raw-client.ts';
import { MemoryConnection } from './memory-connection.ts';

const get = (path: string, fields = ''): string => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${fields}\r\n`;

it('requests that came in one piece are served a few at a turn', async () => {
  const connection = new MemoryConnection();
  connection.socket.push(Buffer.from(get('/a').repeat(100), 'latin1'));
  const begun: number[] = [];
  while (connection.begun < 100) {
    await setImmediate();
    begun.push(connection.begun - (begun.at(-1) ?? 0));
    if (begun.length > 200) break;
  }
  expect(connection.begun).toBe(100);
  expect(begun.length).toBeGreaterThan(4);
  connection.socket.destroy();
});

describe('a head', () => {
  const twice = async (fields: string, between: (connection: MemoryConnection) => void = () => undefined) => {
    const connection = new MemoryConnection();
    for (let count = 0; count < 2; count += 1) {
      await connection.feed([Buffer.from(get('/a', fields), 'latin1')]);
      between(connection);
    }
    const [first, second] = connection.seen;
    connection.socket.destroy();
    expect(second!.rawHeaders).toEqual(first!.rawHeaders);
    return second!.rawHeaders === first!.rawHeaders;
  };

  it('is remembered while it is short and its connection is in use', async () => {
    expect(await twice('')).toBe(true);
    expect(await twice('', ({ connection }) => connection.lasts())).toBe(false);
  });

  it('is not remembered where it is long', () => {
    for (const [length, isRemembered] of [
      [1_900, true],
      [30_000, false],
    ] as const) {
      const reader = new HeadReader();
      const bytes = Buffer.from(get('/a', `X: ${'x'.repeat(length)}\r\n`), 'latin1');
      const heads = [1, 2].map(() => reader.read(bytes, 0, 65_536));
      expect(heads[1]).toEqual(heads[0]);
      expect([length, heads[1] === heads[0]]).toEqual([length, isRemembered]);
    }
  });
});

describe('a client', () => {
  let served: ServedListener;
  afterEach(() => served[Symbol.asyncDispose]());

  it.each([70_000, 20_000, 64])(
    'that sent %i bytes behind a request and leaves is seen to leave',
    async (bytes) => {
      const aborted: WebExchange[] = [];
      served = await serve(listenerNode(), {
        '/wait': (exchange) => {
          exchange.onAbort = () => aborted.push(exchange);
        },
      });
      const connection = new RawConnection(served.port);
      connection.write(get('/wait'));
      await until(() => served.observer.started === 1);
      connection.socket.end('G'.repeat(bytes));
      await until(() => aborted.length === 1);
      await until(() => served.observer.closed === 1);
      expect(served.held()).toBe(0);
    },
  );

  it('that sends very much behind a request that takes long is given up', async () => {
    served = await serve(listenerNode(), { '/wait': () => undefined });
    const connection = new RawConnection(served.port);
    connection.write(get('/wait') + 'G'.repeat(1_000_000));
    await until(() => served.observer.closed === 1);
    expect(served.held()).toBe(0);
  });

  it('that sends many requests behind one that takes long is answered one and all', async () => {
    const waiting: WebExchange[] = [];
    served = await serve(listenerNode(), {
      '/wait': (exchange) => void waiting.push(exchange),
      '/quick': (exchange) => void replyEmpty(exchange, 204),
    });
    const connection = new RawConnection(served.port);
    connection.write(get('/wait') + get('/quick').repeat(1_000) + get('/quick', 'Connection: close\r\n'));
    await until(() => waiting.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    replyJson(waiting[0]!, 200, '{}');
    await connection.closed;
    expect(connection.text.match(/HTTP\/1.1 204/g)).toHaveLength(1_001);
  });

  it('that leaves after its request reads the whole reply if that was written', async () => {
    const text = 'x'.repeat(8_000_000);
    served = await serve(listenerNode(), {
      '/long': (exchange) => void replyJson(exchange, 200, `"${text}"`),
    });
    const connection = new RawConnection(served.port);
    connection.socket.pause();
    connection.socket.end(get('/long'));
    await until(() => served.observer.started === 1);
    for (let turns = 0; turns < 20; turns += 1) await setImmediate();
    connection.socket.resume();
    await connection.closed;
    expect(connection.text.endsWith(`${text}"`)).toBe(true);
    expect(served.observer.finished.map(({ record }) => record.outcome)).toEqual(['ok']);
  });

  it('that sends an empty line behind a reply has begun nothing, and is not answered', async () => {
    const { connections } = listenerNode();
    served = await serve(
      listenerNode({ connections: { ...connections, headerTimeoutMs: 100, idleTimeoutMs: 0 } }),
      { '/quick': (exchange) => void replyEmpty(exchange, 204) },
    );
    for (const blank of ['\r\n', '\r']) {
      const reply = await exchangeRaw(served.port, get('/quick') + blank);
      expect(reply.match(/HTTP\/1.1 \d+/g)).toEqual(['HTTP/1.1 204']);
    }
    expect(served.observer.bad).toEqual([]);
  });
});

describe('a body that nobody wants', () => {
  const CHUNKED = 'POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';

  /** Answers at once and reads nothing. */
  class DeafConnection extends MemoryConnection {
    override take(...[, request, response]: Parameters<MemoryConnection['take']>): void {
      this.begun += 1;
      response.writeHead(200, ['content-length', '2']);
      response.end('ok');
      (request as Http1Request).discard();
    }
  }

  it('ends its connection by what it takes on the wire', async () => {
    const connection = new DeafConnection();
    const chunk = `1;a=${'b'.repeat(900)}\r\nx\r\n`;
    const piece = Buffer.from(chunk.repeat(64), 'latin1');
    await connection.feed([Buffer.from(CHUNKED, 'latin1')]);
    let sent = 0;
    while (!connection.socket.destroyed && sent < 20 * 1024 * 1024) {
      await connection.feed([piece]);
      sent += piece.length;
    }
    expect(connection.socket.destroyed).toBe(true);
  });

  it('is not waited for once there is no time left, unless its reply has not left', async () => {
    const served = await serve(listenerNode(), { '/deaf': (exchange) => void replyEmpty(exchange, 202) });
    const connection = new RawConnection(served.port);
    connection.write('POST /deaf HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nx');
    await connection.until('202');
    const startedMs = performance.now();
    await served.close(50, 30_000);
    expect(performance.now() - startedMs).toBeLessThan(4_000);
    await connection.closed;
  });
});

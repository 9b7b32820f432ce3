/** The life of a connection of HTTP/1.1: its requests, replies and ends. */
import { createHash } from 'node:crypto';
import { Agent, request } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { Handler } from '../../../../runtime/generation.ts';
import { readBody } from '../../../../runtime/listen/body.ts';
import { startEventStream } from '../../../../runtime/listen/event-stream.ts';
import type { WebExchange } from '../../../../runtime/listen/exchange.ts';
import { Outflow } from '../../../../runtime/listen/outflow.ts';
import { replyEmpty, replyError, replyJson, replyText, writeHead } from '../../../../runtime/listen/reply.ts';
import type { ListenerNode } from '../../../../schema/graph/listener.ts';
import { listenerNode, type ServedListener, serve, until } from '../listener-fixture.ts';
import { exchangeRaw, RawConnection } from '../raw-client.ts';

let served: ServedListener;
const waiting: WebExchange[] = [];
const aborted: string[] = [];
afterEach(async () => {
  waiting.length = 0;
  aborted.length = 0;
  await served[Symbol.asyncDispose]();
});

const echo: Handler = (exchange) => {
  exchange.onAbort = () => aborted.push(exchange.request.url!);
  readBody(
    exchange,
    1_000_000,
    (text) => replyJson(exchange, 200, JSON.stringify({ text })),
    (error) => replyError(exchange, error),
  );
};

const wait: Handler = (exchange) => {
  exchange.onAbort = () => aborted.push(exchange.request.url!);
  waiting.push(exchange);
};

const start = async (
  routes: Readonly<Record<string, Handler>> = {},
  changes: Partial<ListenerNode> = {},
): Promise<void> => {
  served = await serve(listenerNode(changes), { '/echo': echo, '/wait': wait, ...routes });
};

const get = (path: string, fields = '', version = '1.1'): string =>
  `GET ${path} HTTP/${version}\r\nHost: localhost\r\n${fields}\r\n`;
const post = (body: string, fields = ''): string =>
  `POST /echo HTTP/1.1\r\nHost: localhost\r\n${fields}Content-Length: ${body.length}\r\n\r\n${body}`;

const statuses = (text: string): readonly string[] => text.match(/(?<=HTTP\/1\.1 )\d+/g) ?? [];

describe('requests that come before the reply to the one before', () => {
  it('have their turn one after the other, whatever each takes', async () => {
    await start();
    const connection = new RawConnection(served.port);
    connection.write(get('/wait?1') + post('two') + get('/wait?3', 'Connection: close\r\n'));
    await until(() => waiting.length === 1);
    expect(served.observer.started).toBe(1);
    replyJson(waiting[0]!, 200, '"one"');
    await until(() => waiting.length === 2);
    replyJson(waiting[1]!, 200, '"three"');
    await connection.closed;
    expect(connection.text.match(/"(one|two|three)"/g)).toEqual(['"one"', '"two"', '"three"']);
    expect(served.observer.finished.map(({ record }) => record.outcome)).toEqual(['ok', 'ok', 'ok']);
  });

  it('are answered one and all where there are hundreds of them', async () => {
    await start();
    const all = Array.from({ length: 500 }, (_, at) => post(`${at}`)).join('');
    const reply = await exchangeRaw(served.port, all + post('last', 'Connection: close\r\n'));
    expect(reply.match(/(?<="text":")\w+/g)).toEqual([
      ...Array.from({ length: 500 }, (_, at) => `${at}`),
      'last',
    ]);
  });

  it('are not read without bound', async () => {
    await start();
    const connection = new RawConnection(served.port);
    connection.write(get('/wait'));
    await until(() => waiting.length === 1);
    for (let count = 0; count < 64; count += 1) connection.write(post('x'.repeat(1_000_000)));
    let before = -1;
    await until(() => {
      const { bytesRead } = waiting[0] === undefined ? { bytesRead: 0 } : connection.socket;
      const still = connection.socket.writableLength === before && bytesRead === 0;
      before = connection.socket.writableLength;
      return still && before > 0;
    });
    expect(before).toBeGreaterThan(32 * 1024 * 1024);
    connection.socket.destroy();
  });
});

describe('a connection', () => {
  it('stays after a reply, and ends with it where the client asks for that', async () => {
    await start();
    const reply = await exchangeRaw(served.port, post('a') + post('b', 'Connection: TE, close\r\n'));
    expect(statuses(reply)).toEqual(['200', '200']);
    expect(reply.match(/^Connection: .*$/gm)).toEqual(['Connection: keep-alive', 'Connection: close']);
  });

  it('is that of HTTP/1.0: it ends with the reply unless it is asked to stay, and nothing comes in chunks', async () => {
    await start({ '/events': (exchange) => void startEventStream(exchange).end() });
    const reply = await exchangeRaw(
      served.port,
      get('/none', 'Connection: keep-alive\r\n', '1.0') + get('/none', '', '1.0') + get('/none'),
    );
    expect(statuses(reply)).toEqual(['404', '404']);
    const streamed = await exchangeRaw(served.port, get('/events', 'Connection: keep-alive\r\n', '1.0'));
    expect(streamed).toContain('\r\nConnection: close\r\n');
    expect(streamed.toLowerCase()).not.toContain('transfer-encoding');
    expect(streamed.endsWith('\r\n\r\n')).toBe(true);
  });

  it('has no body in the reply to HEAD, but the head of one', async () => {
    await start({ '/text': (exchange) => void replyText(exchange, 200, 'text/plain', 'hello') });
    const head = get('/text').replace('GET', 'HEAD');
    const reply = await exchangeRaw(served.port, head + get('/text', 'Connection: close\r\n'));
    expect(statuses(reply)).toEqual(['200', '200']);
    expect(reply.match(/content-length: 5/g)).toHaveLength(2);
    expect(reply.match(/hello/g)).toHaveLength(1);
  });

  it('has no body in a 204, and stays', async () => {
    await start({ '/none': (exchange) => void replyEmpty(exchange, 204) });
    const reply = await exchangeRaw(served.port, get('/none') + get('/none', 'Connection: close\r\n'));
    expect(statuses(reply)).toEqual(['204', '204']);
    expect(reply.toLowerCase()).not.toMatch(/transfer-encoding|content-length/);
  });

  it('stays for others whose body nobody reads, and ends where such a body does not come', async () => {
    await start({ '/deaf': (exchange) => void replyEmpty(exchange, 202) });
    const deaf = post('x'.repeat(100_000)).replace('/echo', '/deaf');
    const reply = await exchangeRaw(served.port, deaf + post('heard', 'Connection: close\r\n'));
    expect(statuses(reply)).toEqual(['202', '200']);
    expect(reply).toContain('"heard"');
  });

  it('ends with the reply where the body was waited for and not asked for: it may never come', async () => {
    await start({ '/deaf': (exchange) => void replyEmpty(exchange, 202) });
    const reply = await exchangeRaw(
      served.port,
      `POST /deaf HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 60\r\n\r\n${get('/hidden')}`,
    );
    expect(statuses(reply)).toEqual(['202']);
    expect(reply).toContain('Connection: close\r\n');
  });

  it.each([
    'Expect: tea',
    'Expect:',
    'Expect: 100-continue, x',
    'Expect: 100-continue\r\nExpect: 100-continue',
  ])(
    'ends with 417 for `%s` where a body was told of: another request may come in its place',
    async (line) => {
      await start();
      const connection = new RawConnection(served.port);
      const hidden = get('/hidden');
      const head = `POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${hidden.length}\r\n\r\n`;
      connection.write(
        `POST /echo HTTP/1.1\r\nHost: localhost\r\n${line}\r\nContent-Length: ${head.length}\r\n\r\n`,
      );
      await connection.until('expectation not supported');
      connection.write(head + hidden);
      await connection.closed;
      expect(statuses(connection.text)).toEqual(['417']);
      expect(connection.text).toContain('Connection: close\r\n');
      expect(served.observer.started).toBe(1);
    },
  );

  it('gets 417 for what nobody knows to meet', async () => {
    await start();
    expect(await exchangeRaw(served.port, post('a', 'Expect: tea\r\nConnection: close\r\n'))).toMatch(
      /^HTTP\/1.1 417/,
    );
  });

  it('is cut off rather than left with a reply that is shorter than it said', async () => {
    await start({
      '/short': (exchange) => {
        writeHead(exchange, 200, ['content-length', '10']);
        exchange.response.write('half');
        exchange.response.end();
      },
    });
    const reply = await exchangeRaw(served.port, get('/short') + get('/short'));
    expect(statuses(reply).length).toBeLessThan(2);
  });

  it.each([
    ['text', (text: string) => text],
    ['bytes', (text: string) => Buffer.from(text)],
  ])('is cut off before more of %s than was told of would be read as the next reply', async (_kind, of) => {
    const forged = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged';
    await start({
      '/long': (exchange) => {
        writeHead(exchange, 200, ['content-length', '4']);
        exchange.response.write(of('half'));
        exchange.response.end(of(forged));
      },
    });
    const reply = await exchangeRaw(served.port, get('/long') + get('/long'));
    expect(reply).not.toContain('forged');
    expect(statuses(reply).length).toBeLessThan(2);
  });

  it('carries bodies and replies of any size in chunks of any size', async () => {
    await start({}, { sizes: { ...listenerNode().sizes, bodyBytes: 1_000_000 } });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (const size of [0, 1, 16_383, 16_384, 65_536, 900_000]) {
      const body = 'ä'.repeat(size / 2);
      const options = {
        port: served.port,
        path: '/echo',
        method: 'POST',
        agent,
        headers: { host: 'localhost' },
      };
      const text = await new Promise<string>((resolve, reject) => {
        const sent = request(options, (reply) => {
          let received = '';
          reply.setEncoding('utf8').on('data', (piece: string) => {
            received += piece;
          });
          reply.on('end', () => resolve(received));
        });
        sent.on('error', reject);
        for (let at = 0; at < body.length; at += 7_001) sent.write(body.slice(at, at + 7_001));
        sent.end();
      });
      expect(text === JSON.stringify({ text: body })).toBe(true);
    }
    expect(served.observer.opened).toBe(1);
    agent.destroy();
  });

  it('streams no faster than its client reads, and whole', async () => {
    const piece = Buffer.alloc(256 * 1024, 'x');
    let written = 0;
    await start({
      '/pour': (exchange) => {
        writeHead(exchange, 200, []);
        const outflow = new Outflow(exchange, { onDrain: () => pour(), onGone: () => undefined });
        const pour = (): void => {
          while (written < 128) {
            written += 1;
            if (!outflow.write(piece)) return;
          }
          outflow.release();
          exchange.response.end();
        };
        pour();
      },
    });
    const reply = await fetch(`${served.url}/pour`);
    expect(written).toBeLessThan(128);
    const hash = createHash('sha256');
    for await (const chunk of reply.body!) hash.update(chunk);
    expect(hash.digest('hex')).toBe(
      createHash('sha256')
        .update(Buffer.alloc(128 * piece.length, 'x'))
        .digest('hex'),
    );
  });
});

describe('a client that goes away', () => {
  const STATES: readonly (readonly [what: string, bytes: string, started: number])[] = [
    ['before it has said anything', '', 0],
    ['within a head', 'POST /echo HT', 0],
    ['within a body', post('hello').slice(0, -2), 1],
    [
      'within a chunk',
      'POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe',
      1,
    ],
    ['while its request is worked on', get('/wait'), 1],
    ['with others behind that', get('/wait') + post('b'), 1],
    ['within a stream', get('/events'), 1],
  ];
  for (const how of ['destroy', 'end'] as const)
    it.each(STATES)(
      `%s leaves nothing behind, and work is taken back once (${how})`,
      async (_what, bytes, started) => {
        await start({
          '/events': (exchange) => {
            const stream = startEventStream(exchange);
            stream.onClose = () => aborted.push('/events');
            stream.send('one');
          },
        });
        const connection = new RawConnection(served.port);
        connection.write(bytes);
        await until(() => served.observer.opened === 1 && served.observer.started === started);
        connection.socket[how]();
        await until(() => served.observer.closed === 1);
        expect(served.held()).toBe(0);
        expect(aborted).toHaveLength(started);
        expect(served.observer.finished.map(({ record }) => record.outcome)).toEqual(
          Array.from({ length: started }, () => 'aborted'),
        );
        expect(served.observer.bad).toEqual([]);
      },
    );
});

describe('time', () => {
  it('counts from the first byte of a head on, after a reply as before the first', async () => {
    await start({}, { connections: { ...listenerNode().connections, headerTimeoutMs: 100 } });
    const connection = new RawConnection(served.port);
    connection.write(`${post('a')}POST /ec`);
    await connection.closed;
    expect(statuses(connection.text)).toEqual(['200', '408']);
  });

  it('is none of the client while its request is worked on', async () => {
    const { connections } = listenerNode();
    await start(
      {},
      { connections: { ...connections, headerTimeoutMs: 150, bodyTimeoutMs: 150, idleTimeoutMs: 150 } },
    );
    const connection = new RawConnection(served.port);
    connection.write(get('/wait', 'Connection: close\r\n'));
    await until(() => waiting.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 450));
    replyJson(waiting[0]!, 200, '{}');
    await connection.closed;
    expect(statuses(connection.text)).toEqual(['200']);
  });

  it('is not over for a request that came while the thread was busy, on a kept connection or in pieces', async () => {
    const { connections } = listenerNode();
    await start({}, { connections: { ...connections, headerTimeoutMs: 500, idleTimeoutMs: 0 } });
    const kept = new RawConnection(served.port);
    kept.write(post('a'));
    await kept.until('"a"');
    const begun = new RawConnection(served.port);
    begun.write(post('b').slice(0, -40));
    await until(() => served.observer.opened === 2);
    // Both clocks run; what is written now waits for a thread that looks at them first when it goes on.
    await setImmediate();
    kept.write(post('c', 'Connection: close\r\n'));
    begun.write(post('b').slice(-40));
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_300);
    await kept.until('"c"');
    await begun.until('"b"');
    begun.socket.destroy();
  });
});

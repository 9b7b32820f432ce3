import { afterEach, describe, expect, it } from 'vitest';
import { readBody } from '../../../runtime/listen/body.ts';
import { startEventStream } from '../../../runtime/listen/event-stream.ts';
import type { WebExchange } from '../../../runtime/listen/exchange.ts';
import { replyEmpty, replyJson } from '../../../runtime/listen/reply.ts';
import { makeCertificate } from '../../support/certificate.ts';
import { http2Request, openHttp2 } from './http2-client.ts';
import { listenerNode, type ServedListener, serve, until } from './listener-fixture.ts';
import { openTls, RawConnection } from './raw-client.ts';

let served: ServedListener;
const waiting: WebExchange[] = [];
afterEach(async () => {
  waiting.length = 0;
  await served[Symbol.asyncDispose]();
});

const routes = {
  '/ok': (exchange: WebExchange) => {
    replyEmpty(exchange, 204);
  },
  '/wait': (exchange: WebExchange) => {
    waiting.push(exchange);
  },
  '/events': (exchange: WebExchange) => {
    startEventStream(exchange).send('hello');
  },
};

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;

const refusesConnections = async (): Promise<boolean> => {
  const probe = new RawConnection(served.port);
  return new Promise((resolve) => {
    probe.socket.once('connect', () => resolve(false));
    probe.socket.removeAllListeners('error');
    probe.socket.once('error', () => resolve(true));
  });
};

describe('closing a listener', () => {
  it('refuses new connections at once, lets a request end, and ends its connection with the reply', async () => {
    served = await serve(listenerNode(), routes);
    const busy = new RawConnection(served.port);
    busy.write(get('/wait'));
    await until(() => waiting.length === 1);
    const closed = served.close(0, 10_000);
    expect(await refusesConnections()).toBe(true);
    replyJson(waiting[0]!, 200, '{}');
    await busy.closed;
    expect(busy.text).toContain('HTTP/1.1 200');
    expect(busy.text.toLowerCase()).toContain('connection: close\r\n');
    await closed;
  });

  it('still serves an idle connection within the window, so that a request under way is not lost', async () => {
    served = await serve(listenerNode(), routes);
    const idle = new RawConnection(served.port);
    idle.write(get('/ok'));
    await idle.until('HTTP/1.1 204');
    const closed = served.close(10_000, 20_000);
    idle.write(get('/ok'));
    await idle.closed;
    expect(idle.text.match(/HTTP\/1.1 204/g)).toHaveLength(2);
    await closed;
  });

  it('serves what the system holds of an idle connection at the moment of its end', async () => {
    served = await serve(listenerNode(), routes);
    const idle = new RawConnection(served.port);
    idle.write(get('/ok'));
    await idle.until('HTTP/1.1 204');
    const closed = served.close(0, 20_000);
    idle.write(get('/ok'));
    // The end is due before anything can be read.
    const sinceMs = performance.now();
    while (performance.now() - sinceMs < 20);
    await idle.closed;
    expect(idle.text.match(/HTTP\/1.1 204/g)).toHaveLength(2);
    await closed;
  });

  it('ends idle connections in order, at moments of their own within the window', async () => {
    served = await serve(listenerNode(), routes);
    const idle = Array.from({ length: 30 }, () => new RawConnection(served.port));
    const ends: number[] = [];
    for (const connection of idle) {
      connection.socket.once('end', () => ends.push(performance.now()));
      connection.write(get('/ok'));
    }
    await Promise.all(idle.map((connection) => connection.until('HTTP/1.1 204')));
    const startedMs = performance.now();
    const closed = served.close(10_000, 60_000);
    await Promise.all(idle.map((connection) => connection.closed));
    await closed;
    expect(ends).toHaveLength(30);
    // After half a second each has 20 ms of its own.
    expect(Math.min(...ends) - startedMs).toBeGreaterThanOrEqual(490);
    expect(Math.max(...ends) - startedMs).toBeGreaterThanOrEqual(490 + 28 * 20);
  });

  it('closes idle connections after the window', async () => {
    served = await serve(listenerNode(), routes);
    const idle = new RawConnection(served.port);
    idle.write(get('/ok'));
    await idle.until('HTTP/1.1 204');
    const closed = served.close(20, 10_000);
    await idle.closed;
    await closed;
  });

  it('cuts off at the deadline what is left: streams, silent connections, requests', async () => {
    served = await serve(listenerNode(), routes);
    const connections = ['/events', '/wait', ''].map((path) => {
      const connection = new RawConnection(served.port);
      connection.write(path === '' ? 'GET ' : get(path));
      return connection;
    });
    await until(() => served.observer.started === 2 && served.observer.opened === 3);
    await served.close(0, 50);
    await Promise.all(connections.map(({ closed }) => closed));
    expect(served.held()).toBe(0);
    expect(served.observer.finished.map(({ record }) => record.outcome)).toEqual(['aborted', 'aborted']);
  });

  it('tells HTTP/2 clients to go, and lets their streams end', async () => {
    const { certificate, key } = makeCertificate('close');
    const tls = { certificate, key, minVersion: '1.3' as const };
    served = await serve(listenerNode({ tls, http: ['h2', 'http/1.1'] }), routes);
    const session = await openHttp2(served.port, certificate);
    const reply = http2Request(session, { ':path': '/wait', ':method': 'POST' }, '');
    await until(() => waiting.length === 1);
    const goaway = new Promise((resolve) => session.once('goaway', resolve));
    const closed = served.close(0, 10_000);
    await goaway;
    replyJson(waiting[0]!, 200, '{}');
    expect((await reply).status).toBe(200);
    await closed;
  });

  it.each([
    ['its head', 'POST /wait HTTP/1.1\r\nHost: loc'],
    ['its body', 'POST /body HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{'],
  ])('waits over TLS, too, within the window for who has sent half of %s, and no longer', async (_, half) => {
    const { certificate, key } = makeCertificate('half');
    const tls = { certificate, key, minVersion: '1.3' as const };
    served = await serve(listenerNode({ tls, http: ['http/1.1'] }), {
      '/body': (exchange) =>
        void readBody(
          exchange,
          100,
          () => undefined,
          () => undefined,
        ),
    });
    const socket = await openTls(served.port);
    let text = '';
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk;
    });
    socket.on('error', () => undefined);
    const gone = new Promise((resolve) => socket.once('close', resolve));
    await new Promise<void>((resolve) => socket.write(half, () => resolve()));
    await until(() => served.observer.opened === 1);
    const startedMs = performance.now();
    const closed = served.close(200, 60_000);
    await gone;
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(190);
    expect(text).toMatch(/^HTTP\/1\.1 408 |^$/);
    await closed;
    expect(performance.now() - startedMs).toBeLessThan(20_000);
  });

  it('tells HTTP/2 clients to go at moments of their own within the window', async () => {
    const { certificate, key } = makeCertificate('spread');
    const tls = { certificate, key, minVersion: '1.3' as const };
    served = await serve(listenerNode({ tls, http: ['h2', 'http/1.1'] }), routes);
    const sessions = await Promise.all(Array.from({ length: 30 }, () => openHttp2(served.port, certificate)));
    await until(() => served.observer.opened === 30);
    const told = sessions.map((session) => new Promise((resolve) => session.once('goaway', resolve)));
    const startedMs = performance.now();
    const closed = served.close(10_000, 60_000);
    await Promise.all(told);
    await closed;
    // Each has 20 ms of its own: the last but one cannot be told before the first 28 have had theirs.
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(28 * 20);
  });

  it('can be closed twice', async () => {
    served = await serve(listenerNode(), routes);
    await Promise.all([served.close(0, 0), served.listener.close(0, 0)]);
    await served.close(0, 0);
  });
});

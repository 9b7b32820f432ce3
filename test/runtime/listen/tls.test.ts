import http2 from 'node:http2';
import https from 'node:https';
import { connect } from 'node:net';
import tls from 'node:tls';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Handler } from '../../../runtime/generation.ts';
import { readBody } from '../../../runtime/listen/body.ts';
import { startEventStream } from '../../../runtime/listen/event-stream.ts';
import { prepareListener } from '../../../runtime/listen/prepare-listener.ts';
import { replyError, replyJson } from '../../../runtime/listen/reply.ts';
import type { ListenerNode } from '../../../schema/graph/listener.ts';
import { makeCertificate } from '../../support/certificate.ts';
import { type Http2Reply, http2Request, openHttp2 } from './http2-client.ts';
import { listenerNode, type ServedListener, serve, until } from './listener-fixture.ts';
import { openTls } from './raw-client.ts';

const first = makeCertificate('first');
const second = makeCertificate('second');

const echo: Handler = (exchange) =>
  readBody(
    exchange,
    4096,
    (text) => replyJson(exchange, 200, JSON.stringify({ text, client: exchange.clientAddress })),
    (error) => replyError(exchange, error),
  );

const tlsNode = (changes: Partial<ListenerNode> = {}): ListenerNode =>
  listenerNode({ tls: { ...first, minVersion: '1.2' }, http: ['h2', 'http/1.1'], ...changes });

let served: ServedListener;
const sessions: http2.ClientHttp2Session[] = [];
afterEach(async () => {
  for (const session of sessions.splice(0)) session.destroy();
  await served[Symbol.asyncDispose]();
});

const connectHttp2 = async (): Promise<http2.ClientHttp2Session> => {
  const session = await openHttp2(served.port, first.certificate);
  sessions.push(session);
  return session;
};

const getOverHttp1 = (path: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const options = { port: served.port, host: '127.0.0.1', path, ca: first.certificate, agent: false };
    https
      .get(options, (reply) => {
        reply.resume();
        resolve(reply.statusCode!);
      })
      .on('error', reject);
  });

const code = (reply: Http2Reply): string => JSON.parse(reply.body).error.data.code;

describe('a listener with TLS', () => {
  it('serves HTTP/2 with the same headers and rules as HTTP/1.1', async () => {
    served = await serve(tlsNode(), { '/mcp': echo });
    const session = await connectHttp2();
    const reply = await http2Request(session, { ':path': '/mcp', ':method': 'POST' }, 'hello');
    expect(reply.status).toBe(200);
    expect(JSON.parse(reply.body)).toEqual({ text: 'hello', client: '127.0.0.1' });
    expect(reply.headers['x-content-type-options']).toBe('nosniff');
    expect(reply.headers['x-correlation-id']).toBeDefined();
    await until(() => served.held() === 0);
    expect(served.observer.finished[0]).toMatchObject({ status: 200, record: { outcome: 'ok' } });
  });

  it('refuses over HTTP/2 a foreign authority, a host that contradicts it, and a foreign origin', async () => {
    served = await serve(tlsNode(), { '/mcp': echo });
    const session = await connectHttp2();
    const request = (headers: http2.OutgoingHttpHeaders) =>
      http2Request(session, { ':path': '/mcp', ':method': 'POST', ...headers }, 'x');
    const evil = await request({ ':authority': 'evil.example' });
    expect([evil.status, code(evil)]).toEqual([403, 'host_refused']);
    const two = await request({ ':authority': 'localhost', host: 'evil.example' });
    expect([two.status, code(two)]).toEqual([400, 'invalid_request']);
    const origin = await request({ origin: 'https://evil.example' });
    expect([origin.status, code(origin)]).toEqual([403, 'origin_refused']);
    const preflight = await request({
      ':method': 'OPTIONS',
      origin: 'https://app.example',
      'access-control-request-method': 'POST',
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers['access-control-allow-origin']).toBe('https://app.example');
  });

  it('refuses over HTTP/2 two of a header that may be there once, and a path that is a whole target', async () => {
    served = await serve(tlsNode(), { '/mcp': echo });
    const session = await connectHttp2();
    const request = (headers: http2.OutgoingHttpHeaders) =>
      http2Request(session, { ':path': '/mcp', ':method': 'POST', ...headers }, 'x');
    for (const name of ['mcp-session-id', 'mcp-method', 'mcp-name', 'mcp-protocol-version']) {
      expect([name, (await request({ [name]: 'a' })).status]).toEqual([name, 200]);
      const twice = await request({ [name]: ['a', 'a'] });
      expect([name, twice.status, code(twice)]).toEqual([name, 400, 'invalid_request']);
    }
    expect((await request({ ':authority': 'LOCALHOST', host: 'localhost' })).status).toBe(200);
    await expect(request({ ':path': 'https://localhost/mcp' })).rejects.toThrow();
  });

  it('refuses over HTTP/2 a body that is too large, declared or not, and goes on with the session', async () => {
    served = await serve(tlsNode(), { '/mcp': echo });
    const session = await connectHttp2();
    const big = 'x'.repeat(200_000);
    for (const headers of [{}, { 'content-length': '200000' }]) {
      const reply = await http2Request(session, { ':path': '/mcp', ':method': 'POST', ...headers }, big);
      expect([reply.status, code(reply)]).toEqual([413, 'body_too_large']);
    }
    const good = await http2Request(session, { ':path': '/mcp', ':method': 'POST' }, 'small');
    expect(good.status).toBe(200);
    await until(() => served.held() === 0);
  });

  it('answers 408 over HTTP/2 to a body that does not come', async () => {
    const { connections } = listenerNode();
    served = await serve(tlsNode({ connections: { ...connections, bodyTimeoutMs: 60 } }), { '/mcp': echo });
    const session = await connectHttp2();
    const reply = await http2Request(session, { ':path': '/mcp', ':method': 'POST' }, undefined);
    expect([reply.status, code(reply)]).toEqual([408, 'body_timeout']);
  });

  it('tells a handler that a stream was reset by its client', async () => {
    let gone = false;
    served = await serve(tlsNode(), {
      '/events': (exchange) => {
        const events = startEventStream(exchange);
        events.onClose = () => {
          gone = true;
        };
        events.send('hello');
      },
    });
    const session = await connectHttp2();
    const stream = session.request({ ':path': '/events', ':authority': 'localhost' });
    await new Promise((resolve) => stream.once('data', resolve));
    stream.close(http2.constants.NGHTTP2_CANCEL);
    await until(() => gone && served.held() === 0);
    expect(served.observer.finished[0]!.record.outcome).toBe('aborted');
  });

  it('cuts off an HTTP/2 client that does not read its stream', async () => {
    served = await serve(tlsNode(), {
      '/events': (exchange) => {
        const events = startEventStream(exchange, [], { maxBufferedBytes: 500_000 });
        for (let i = 0; i < 100 && !events.closed; i += 1) events.send('x'.repeat(100_000));
      },
    });
    const session = await connectHttp2();
    const stream = session.request({ ':path': '/events', ':authority': 'localhost' });
    stream.on('error', () => undefined);
    await until(() => served.observer.finished.length === 1);
    expect(served.observer.finished[0]!.record.outcome).toBe('slow_reader');
    expect(served.held()).toBe(0);
  });

  it('refuses an HTTP/2 request whose headers are larger than allowed, without harm to others', async () => {
    served = await serve(tlsNode(), { '/mcp': echo });
    const session = await connectHttp2();
    const huge = { ':path': '/mcp', ':method': 'POST', 'x-huge': 'x'.repeat(40_000) };
    expect((await http2Request(session, huge, 'x')).status).toBe(431);
    await expect(http2Request(session, { ...huge, 'x-more': 'x'.repeat(40_000) }, 'x')).rejects.toThrow();
    const other = await connectHttp2();
    expect((await http2Request(other, { ':path': '/mcp', ':method': 'POST' }, 'x')).status).toBe(200);
  });

  it('serves HTTP/1.1 on the same port to clients without HTTP/2', async () => {
    served = await serve(tlsNode(), { '/mcp': echo });
    expect(await getOverHttp1('/mcp')).toBe(200);
    expect(await getOverHttp1('/other')).toBe(404);
  });

  it('serves HTTP/1.1 alone where HTTP/2 is not offered', async () => {
    served = await serve(tlsNode({ http: ['http/1.1'] }), { '/mcp': echo });
    expect(await getOverHttp1('/mcp')).toBe(200);
    const socket = await openTls(served.port, { ALPNProtocols: ['h2', 'http/1.1'] });
    expect(socket.alpnProtocol).toBe('http/1.1');
    socket.destroy();
  });

  it('refuses a protocol version below the minimum', async () => {
    served = await serve(tlsNode({ tls: { ...first, minVersion: '1.3' } }), { '/mcp': echo });
    await expect(openTls(served.port, { maxVersion: 'TLSv1.2' })).rejects.toThrow();
    const socket = await openTls(served.port, { maxVersion: 'TLSv1.3' });
    expect(socket.getProtocol()).toBe('TLSv1.3');
    socket.destroy();
    expect(served.observer.bad).toEqual([0]);
  });

  it('does no second handshake on a connection, and lets go of whoever asks for one', async () => {
    served = await serve(tlsNode(), { '/mcp': echo });
    const ask = async (protocol: string): Promise<void> => {
      const raw = connect(served.port, '127.0.0.1');
      const socket = await openTls(served.port, {
        socket: raw,
        ALPNProtocols: [protocol],
        maxVersion: 'TLSv1.2',
      });
      let answer: Error | null | undefined;
      const gone = new Error('closed');
      socket.resume().on('error', (error) => {
        answer = error;
      });
      socket.once('close', () => {
        answer ??= gone;
      });
      const ask = (): void =>
        void socket.renegotiate({ rejectUnauthorized: false }, (error) => {
          answer = error;
        });
      ask();
      await until(() => {
        if (answer === undefined) socket.write('');
        return answer !== undefined;
      });
      expect(answer).toBeInstanceOf(Error);
      raw.resetAndDestroy();
    };
    for (const protocol of ['h2', 'http/1.1']) {
      await ask(protocol);
      await until(() => served.observer.closed === served.observer.opened);
      served.listener.renew(tlsNode());
      await ask(protocol);
      await until(() => served.observer.closed === served.observer.opened);
    }
    expect(served.observer.opened).toBe(4);
  });

  it('lets go of an HTTP/2 connection whose TLS has failed', async () => {
    const { createServer } = tls;
    const createLenient = vi
      .spyOn(tls, 'createServer')
      .mockImplementation(((options: tls.TlsOptions) =>
        createServer({ ...options, secureOptions: 0 })) as typeof createServer);
    served = await serve(tlsNode(), { '/mcp': echo });
    createLenient.mockRestore();
    const socket = await openTls(served.port, { ALPNProtocols: ['h2'], maxVersion: 'TLSv1.2' });
    socket.resume().on('error', () => undefined);
    // More often than Node.js allows.
    for (let i = 0; i < 5; i += 1) socket.renegotiate({ rejectUnauthorized: false }, () => undefined);
    await until(() => served.observer.closed === 1);
    socket.destroy();
  });

  it('replaces the certificate in place and keeps open connections', async () => {
    served = await serve(tlsNode(), { '/mcp': echo });
    const old = await connectHttp2();
    served.listener.renew(tlsNode({ tls: { ...second, minVersion: '1.3' } }));
    const socket = await openTls(served.port);
    expect(socket.getPeerCertificate().subject.CN).toBe('second');
    socket.destroy();
    await expect(openTls(served.port, { maxVersion: 'TLSv1.2' })).rejects.toThrow();
    expect((await http2Request(old, { ':path': '/mcp', ':method': 'POST' }, 'x')).status).toBe(200);
  });

  it('is not prepared with a certificate that cannot be used', () => {
    served = undefined as unknown as ServedListener;
    const mixed = { certificate: first.certificate, key: second.key, minVersion: '1.3' as const };
    for (const tls of [mixed, { ...mixed, certificate: 'nonsense' }]) {
      expect(() => prepareListener(tlsNode({ tls }), new Map(), {})).toThrow();
    }
    served = { [Symbol.asyncDispose]: async () => undefined } as ServedListener;
  });

  it('survives plain text and silence on its port', async () => {
    const { connections } = listenerNode();
    served = await serve(tlsNode({ connections: { ...connections, headerTimeoutMs: 1_000 } }), {
      '/mcp': echo,
    });
    const plain = connect(served.port, '127.0.0.1', () => plain.write('GET / HTTP/1.1\r\n\r\n'));
    const silent = connect(served.port, '127.0.0.1');
    await Promise.all(
      [plain, silent].map((socket) => new Promise((resolve) => socket.resume().once('close', resolve))),
    );
    expect(served.observer.bad).toEqual([0, 0]);
    expect(await getOverHttp1('/mcp')).toBe(200);
  });
});

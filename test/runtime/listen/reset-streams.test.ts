/** Streams of HTTP/2 that their clients reset (CVE-2023-44487). */
import { setImmediate } from 'node:timers/promises';
import { connect, type TLSSocket } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import type { Handler } from '../../../runtime/generation.ts';
import { replyJson } from '../../../runtime/listen/reply.ts';
import { makeCertificate } from '../../support/certificate.ts';
import {
  END_HEADERS,
  END_STREAM,
  frame,
  HEADERS,
  OPENING,
  REQUEST,
  resetStreams,
} from '../../support/http2-frames.ts';
import { listenerNode, type ServedListener, serve, until } from './listener-fixture.ts';

const certificate = makeCertificate('first');
const answer: Handler = (exchange) => void replyJson(exchange, 200, '{}');

let served: ServedListener;
let socket: TLSSocket;
afterEach(async () => {
  socket.destroy();
  await served[Symbol.asyncDispose]();
});

const start = async (): Promise<void> => {
  const node = listenerNode({ tls: { ...certificate, minVersion: '1.2' }, http: ['h2', 'http/1.1'] });
  served = await serve(node, { '/mcp': answer });
  const options = { host: '127.0.0.1', ca: certificate.certificate, ALPNProtocols: ['h2'] };
  socket = connect({ port: served.port, checkServerIdentity: () => undefined, ...options });
  socket.on('error', () => undefined).resume();
  await new Promise((resolve) => socket.once('secureConnect', resolve));
  socket.write(OPENING);
};

/** A request that stays. */
const request = (stream: number): Buffer => frame(HEADERS, END_HEADERS | END_STREAM, stream, REQUEST);

describe('streams that are reset as soon as they are opened', () => {
  it('are not served, and end their connection when they are many', async () => {
    await start();
    socket.write(resetStreams(1, 5_000));
    await until(() => served.observer.closed === 1);
    expect(served.observer.started).toBe(0);
    expect(served.observer.bad).toEqual([0]);
  });

  it('end it as well where few come at once', async () => {
    await start();
    let stream = 1;
    for (; stream < 400 && served.observer.closed === 0; stream += 10) {
      socket.write(resetStreams(stream, 5));
      await setImmediate();
    }
    await until(() => served.observer.closed === 1);
    expect(served.observer.started).toBeLessThan(20);
  });

  it('take nothing from others of the same connection while they are few', async () => {
    await start();
    for (let stream = 1; stream < 200; stream += 10)
      socket.write(Buffer.concat([resetStreams(stream, 4), request(stream + 8)]));
    await until(() => served.observer.finished.length === 20);
    expect(served.observer.finished.map(({ status }) => status)).toEqual(
      Array.from({ length: 20 }, () => 200),
    );
    expect([served.observer.closed, served.held()]).toEqual([0, 0]);
  });
});

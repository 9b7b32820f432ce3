/** Whether a URL's host is found, answers, and has a certificate that is good. Sends nothing. */
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { failureText, within } from './failure.ts';
import type { OnlineFinding } from './finding.ts';

const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[|\]$/g, '');

const handshake = async (
  socket: Socket,
  host: string,
  ca: string | undefined,
  waitMs: number,
): Promise<void> => {
  const secured = connectTls({
    socket,
    ...(isIP(host) === 0 ? { servername: host } : {}),
    host,
    ...(ca === undefined ? {} : { ca }),
    rejectUnauthorized: true,
  }).on('error', () => undefined);
  try {
    await within(once(secured, 'secureConnect'), waitMs);
  } finally {
    secured.destroy();
  }
};

/** The first thing that is wrong; undefined if nothing is. Each step may take `waitMs`. */
export const reach = async (
  text: string,
  ca: string | undefined,
  path: OnlineFinding['path'],
  waitMs: number,
): Promise<OnlineFinding | undefined> => {
  const url = new URL(text);
  const host = hostOf(url);
  const port = Number(url.port) || (url.protocol === 'https:' ? 443 : 80);
  const address = `${url.hostname}:${port}`;
  try {
    await within(lookup(host), waitMs);
  } catch (thrown) {
    return { code: 'GW5001', path, data: { host, reason: failureText(thrown) } };
  }
  // What breaks once it is known is no finding any more.
  const socket = connect({ host, port }).on('error', () => undefined);
  try {
    await within(once(socket, 'connect'), waitMs);
  } catch (thrown) {
    socket.destroy();
    return { code: 'GW5002', path, data: { address, reason: failureText(thrown) } };
  }
  try {
    if (url.protocol === 'https:') await handshake(socket, host, ca, waitMs);
    return undefined;
  } catch (thrown) {
    return { code: 'GW5003', path, data: { address, reason: failureText(thrown) } };
  } finally {
    socket.destroy();
  }
};

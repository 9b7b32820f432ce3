/**
 * Connections between replicas: TLS 1.3 with a pre-shared key and fresh key exchange (RFC 8446, 2.2, psk_dhe_ke), and
 * nothing else. Both ends prove that they know the key before a byte of a request is sent or read; there is no
 * certificate, so that neither can fall back to one.
 */
import { constants } from 'node:crypto';
import { createServer, connect as openTls, type Server, type TLSSocket } from 'node:tls';
import type { LinkAddress } from './link-address.ts';
import type { LinkKey } from './link-keys.ts';

/** A replica that is there answers in far less. */
export const LINK_TIMEOUT_MS = 2000;
const KEEP_ALIVE_MS = 10_000;

/** A pre-shared key goes with SHA-256 (RFC 8446, 4.2.11). */
const TLS = {
  minVersion: 'TLSv1.3',
  maxVersion: 'TLSv1.3',
  ciphers: 'TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256',
} as const;

/** Nothing was sent: there was no connection. */
export class Unreached extends Error {
  constructor(cause: unknown) {
    super('the replica was not reached', { cause });
    this.name = 'Unreached';
  }

  /** Whether the other machine said that nobody listens there. */
  get isRefused(): boolean {
    return (this.cause as NodeJS.ErrnoException | undefined)?.code === 'ECONNREFUSED';
  }
}

/** Calls back with a connection to who knows the key, or with {@link Unreached}. */
export const callReplica = (
  address: LinkAddress,
  { identity, key }: LinkKey,
  callback: (error: Error | null, socket: TLSSocket | null) => void,
): void => {
  const socket = openTls({
    ...TLS,
    ...address,
    pskCallback: () => ({ identity, psk: key }),
    checkServerIdentity: () => new Error('a certificate proves nothing here'),
  });
  let failure: unknown = new Error('closed');
  const remember = (error: Error): void => {
    failure = error;
  };
  const fail = (): void => callback(new Unreached(failure), null);
  const timer = setTimeout(() => socket.destroy(new Error('no answer in time')), LINK_TIMEOUT_MS);
  socket.on('error', remember).once('close', fail);
  socket.once('close', () => clearTimeout(timer));
  socket.once('secureConnect', () => {
    clearTimeout(timer);
    if (!socket.isSessionReused()) {
      socket.destroy(new Error('the key was not used'));
      return;
    }
    socket.off('close', fail).off('error', remember);
    socket.setNoDelay(true).setKeepAlive(true, KEEP_ALIVE_MS);
    callback(null, socket);
  });
};

/** A server for those who know one of the keys, by their identity. Whoever else comes is cut off. */
export const linkServer = (keys: () => readonly LinkKey[], onPeer: (socket: TLSSocket) => void): Server =>
  createServer(
    {
      ...TLS,
      // Nothing of a connection is good for another one.
      secureOptions: constants.SSL_OP_NO_TICKET,
      handshakeTimeout: LINK_TIMEOUT_MS,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_MS,
      pskCallback: (_, identity) => keys().find((each) => each.identity === identity)?.key ?? null,
    },
    (socket) => {
      if (socket.isSessionReused()) onPeer(socket);
      else socket.destroy();
    },
  );

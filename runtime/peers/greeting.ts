/**
 * What two peers say to each other on a connection before a request goes over it. A name in the abstract namespace is
 * free again once its thread has ended, and any program of the machine may take it: requests, with the credentials in
 * them, go to nobody who does not know the secret, and nobody else's bytes are read as HTTP.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { connect, type Socket } from 'node:net';

const NONCE_BYTES = 32;
const PROOF_BYTES = 32;
/** Peers are threads of one process. */
const TIMEOUT_MS = 10_000;

type Side = 'caller' | 'called';

/** Good for one side, name and nonce alone. */
const proofOf = (secret: Buffer, side: Side, name: string, nonce: Buffer): Buffer =>
  createHmac('sha256', secret).update(`${side} ${name} `).update(nonce).digest();

/** Hands on the first `bytes` bytes if they come in time and nothing with them; else the socket is destroyed. */
const readFirst = (socket: Socket, bytes: number, onRead: (read: Buffer) => void): void => {
  let read = Buffer.alloc(0);
  const timer = setTimeout(() => socket.destroy(), TIMEOUT_MS);
  const stop = (): void => {
    clearTimeout(timer);
    socket.off('data', take).off('close', stop);
  };
  const take = (chunk: Buffer): void => {
    read = Buffer.concat([read, chunk]);
    if (read.length < bytes) return;
    stop();
    if (read.length > bytes) socket.destroy();
    else {
      socket.pause();
      onRead(read);
    }
  };
  socket.on('data', take).on('close', stop);
};

/** Calls back with a socket whose other end is the peer of this name, or with the error that it is not. */
export const callPeer = (
  path: string,
  name: string,
  secret: Buffer,
  callback: (error: Error | null, socket: Socket | null) => void,
): void => {
  const socket = connect({ path });
  let failure = new Error('the peer is gone');
  const fail = (): void => callback(failure, null);
  const remember = (error: Error): void => {
    failure = error;
  };
  socket.on('error', remember).once('close', fail);
  const nonce = randomBytes(NONCE_BYTES);
  socket.write(Buffer.concat([nonce, proofOf(secret, 'caller', name, nonce)]));
  readFirst(socket, PROOF_BYTES, (proof) => {
    if (!timingSafeEqual(proof, proofOf(secret, 'called', name, nonce))) {
      failure = new Error('who answers is no peer');
      socket.destroy();
      return;
    }
    socket.off('close', fail).off('error', remember);
    callback(null, socket);
  });
};

/** Answers a peer, whose requests may then be read; who is none is cut off. */
export const answerPeer = (socket: Socket, name: string, secret: Buffer, onPeer: () => void): void => {
  const ignore = (): void => undefined;
  socket.on('error', ignore);
  readFirst(socket, NONCE_BYTES + PROOF_BYTES, (read) => {
    const nonce = read.subarray(0, NONCE_BYTES);
    if (!timingSafeEqual(read.subarray(NONCE_BYTES), proofOf(secret, 'caller', name, nonce))) {
      socket.destroy();
      return;
    }
    onPeer();
    socket.off('error', ignore);
    socket.write(proofOf(secret, 'called', name, nonce));
    socket.resume();
  });
};

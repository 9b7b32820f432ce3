/**
 * Sockets that are read into memory that they share. Node.js gives each read 64 KB of its own, copies what came out of
 * them and leaves that to the collector: a tenth of what a small call costs. For sockets that are connected to, it has
 * `onread`; those that a server was given have to be made anew for that.
 */
import { Socket, type SocketConstructorOpts } from 'node:net';
import { receiveShared } from './socket-events.ts';

const READ_BYTES = 64 * 1024;

/** Of this thread: what one socket has read is dealt with before another reads. */
const shared = Buffer.allocUnsafeSlow(READ_BYTES);

/** What Node.js has, and does not tell of. */
interface WithHandle {
  _handle?: { readonly useUserBuffer?: unknown } | null;
}

/** The socket in place of `accepted`, of which nothing was read; `accepted` itself where there is none. */
export const readTogether = (accepted: Socket): Socket => {
  const { _handle: handle } = accepted as WithHandle;
  if (typeof handle?.useUserBuffer !== 'function') return accepted;
  const options = {
    handle,
    allowHalfOpen: accepted.allowHalfOpen,
    onread: { buffer: shared, callback: receiveShared },
  };
  (accepted as WithHandle)._handle = null;
  accepted.destroy();
  return new Socket(options as unknown as SocketConstructorOpts);
};

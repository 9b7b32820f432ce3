/** Bytes on a socket, for what no HTTP client would send. */
import { connect, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';

const read = (socket: Socket, signal: 'close' | 'idle'): Promise<string> =>
  new Promise((resolve, reject) => {
    let text = '';
    let idle: NodeJS.Timeout | undefined;
    const done = (): void => resolve(text);
    socket.setEncoding('latin1');
    socket.on('data', (chunk) => {
      text += chunk;
      if (signal === 'idle') {
        clearTimeout(idle);
        idle = setTimeout(done, 100);
      }
    });
    socket.on('close', done);
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE') reject(error);
    });
  });

/** Sends bytes and collects what comes back until the server closes the connection. */
export const exchangeRaw = (port: number, bytes: string): Promise<string> => {
  const socket = connect(port, '127.0.0.1', () => socket.write(bytes, 'latin1'));
  return read(socket, 'close');
};

/** Sends bytes and collects what comes back until nothing more does; then closes. */
export const firstReply = async (port: number, bytes: string): Promise<string> => {
  const socket = connect(port, '127.0.0.1', () => socket.write(bytes, 'latin1'));
  const text = await read(socket, 'idle');
  socket.destroy();
  return text;
};

/** A TLS connection that is up. */
export const openTls = (port: number, options: ConnectionOptions = {}) =>
  new Promise<import('node:tls').TLSSocket>((resolve, reject) => {
    const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
    socket.once('secureConnect', () => resolve(socket));
    socket.once('error', reject);
  });

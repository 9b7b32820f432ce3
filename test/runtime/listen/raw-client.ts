/** Bytes on a socket, for what no HTTP client would send. */
import { connect, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';

const ignoreReset = (error: NodeJS.ErrnoException): void => {
  if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE') throw error;
};

/** A connection on which bytes are written and awaited. */
export class RawConnection {
  readonly socket: Socket;
  readonly closed: Promise<void>;
  text = '';

  constructor(target: number | string) {
    this.socket = typeof target === 'number' ? connect(target, '127.0.0.1') : connect(target);
    this.socket.setEncoding('latin1');
    this.socket.on('data', (chunk) => {
      this.text += chunk;
    });
    this.socket.on('error', ignoreReset);
    this.closed = new Promise((resolve) => this.socket.once('close', () => resolve()));
  }

  write(bytes: string): void {
    this.socket.write(bytes, 'latin1');
  }

  /** Resolves with everything that came, once it holds `part`. */
  async until(part: string): Promise<string> {
    while (!this.text.includes(part)) {
      await new Promise<void>((resolve, reject) => {
        this.socket.once('data', () => resolve());
        this.socket.once('close', () => reject(new Error(`closed before ${part} came: ${this.text}`)));
      });
    }
    return this.text;
  }
}

/** Sends bytes and collects what comes back until the server closes the connection. */
export const exchangeRaw = async (target: number | string, bytes: string): Promise<string> => {
  const connection = new RawConnection(target);
  connection.write(bytes);
  await connection.closed;
  return connection.text;
};

/** A TLS connection that is up. */
export const openTls = (port: number, options: ConnectionOptions = {}) =>
  new Promise<import('node:tls').TLSSocket>((resolve, reject) => {
    const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
    socket.once('secureConnect', () => resolve(socket));
    socket.once('error', reject);
  });

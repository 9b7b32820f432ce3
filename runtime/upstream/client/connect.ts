/** Sockets to one origin. */
import { connect as connectTcp, isIP, type LookupFunction, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

export interface Origin {
  readonly secure: boolean;
  /** A name, or an address without brackets. */
  readonly host: string;
  readonly port: number;
}

export interface ConnectOptions {
  /** The authority whose certificates are accepted; absent: those of the system. */
  readonly ca?: string | undefined;
  readonly lookup?: LookupFunction | undefined;
}

/** Where the bytes that come are put; `onBytes` is told how many. False: no more until the socket is resumed. */
export interface Inlet {
  /** Asked before the first bytes and after each `onBytes`. Undefined: the same as before. */
  nextBuffer(): Uint8Array | undefined;
  onBytes(count: number): boolean;
}

const TCP_KEEPALIVE_MS = 60_000;

/** The origin of an http or https URL. */
export const originOf = (url: URL): Origin => {
  const secure = url.protocol === 'https:';
  return {
    secure,
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (secure ? 443 : 80) : Number(url.port),
  };
};

/** Opens sockets, resuming the TLS session of one before. */
export class Connector {
  readonly #origin: Origin;
  readonly #options: ConnectOptions;
  #session: Buffer | undefined;

  constructor(origin: Origin, options: ConnectOptions) {
    this.#origin = origin;
    this.#options = options;
  }

  /** A socket on its way. `onReady` is called when it can be written to, certificate checked. */
  open(inlet: Inlet, onReady: () => void): Socket {
    const { secure, host, port } = this.#origin;
    const { ca, lookup } = this.#options;
    const options = {
      host,
      port,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: TCP_KEEPALIVE_MS,
      onread: {
        // A function may answer nothing: Node.js keeps the buffer then.
        buffer: () => inlet.nextBuffer() as Uint8Array,
        callback: (count: number) => inlet.onBytes(count),
      },
      ...(lookup === undefined ? {} : { lookup }),
    };
    if (!secure) return connectTcp(options, onReady);
    const socket = connectTls(
      {
        ...options,
        ALPNProtocols: ['http/1.1'],
        ...(isIP(host) === 0 ? { servername: host } : {}),
        ...(ca === undefined ? {} : { ca }),
        ...(this.#session === undefined ? {} : { session: this.#session }),
      },
      onReady,
    );
    socket.on('session', (session) => {
      this.#session = session;
    });
    return socket;
  }
}

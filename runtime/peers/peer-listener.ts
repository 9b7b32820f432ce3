/** Takes requests that peers hand over, and serves them as if they had come here. */
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { GenerationView } from '../generation.ts';
import { rememberConnection } from '../listen/connection.ts';
import { enter } from '../listen/front-door.ts';
import type { ListenerObserver } from '../listen/observer.ts';
import { type ListenerContext, openExchange } from '../listen/open-exchange.ts';
import { NEVER_SHEDS } from '../listen/shedding.ts';
import { ENVELOPE_HEADER, type Envelope, openEnvelope } from './envelope.ts';
import { answerPeer } from './greeting.ts';

interface PeerListenerOptions {
  /** What it listens on. */
  readonly path: string;
  /** The name that peers know it by. */
  readonly name: string;
  readonly secret: Buffer;
  readonly current: () => GenerationView;
  readonly observer: ListenerObserver;
}

const withoutEnvelope = (request: IncomingMessage): void => {
  delete request.headers[ENVELOPE_HEADER];
  const { rawHeaders } = request;
  for (let at = rawHeaders.length - 2; at >= 0; at -= 2)
    if (rawHeaders[at]!.toLowerCase() === ENVELOPE_HEADER) rawHeaders.splice(at, 2);
};

export class PeerListener {
  readonly #options: PeerListenerOptions;
  readonly #server: http.Server;
  /** Connections of which it is not known whose they are. */
  readonly #unknown = new Set<Socket>();
  readonly #contexts = new Map<string, ListenerContext>();
  /** What is new has been refused by the peer. */
  readonly #lifecycle = {
    closing: false,
    bodyTimeoutMs: 60_000,
    closers: new Set<() => void>(),
    shedding: NEVER_SHEDS,
  };

  constructor(options: PeerListenerOptions) {
    this.#options = options;
    // What is too large or too slow has been refused by the peer.
    this.#server = http.createServer({ maxHeaderSize: 1024 * 1024, requestTimeout: 0, headersTimeout: 0 });
    const [serve] = this.#server.listeners('connection');
    this.#server.removeAllListeners('connection').on('connection', (socket: Socket) => {
      this.#greet(socket, () => serve!.call(this.#server, socket));
    });
    this.#server.on('request', (request: IncomingMessage, response: ServerResponse) =>
      this.#take(request, response),
    );
  }

  async listen(): Promise<void> {
    const listening = Promise.withResolvers<void>();
    this.#server.once('error', listening.reject);
    this.#server.listen({ path: this.#options.path }, listening.resolve);
    await listening.promise;
    this.#server.off('error', listening.reject);
  }

  /** What peers pass on may end by itself; what is open at the deadline is cut. */
  async close(deadlineMs: number): Promise<void> {
    this.#lifecycle.closing = true;
    for (const close of this.#lifecycle.closers) close();
    for (const socket of this.#unknown) socket.destroy();
    const closed = Promise.withResolvers<void>();
    this.#server.close(() => closed.resolve());
    const deadline = setTimeout(() => this.#server.closeAllConnections(), deadlineMs);
    await closed.promise;
    clearTimeout(deadline);
  }

  #greet(socket: Socket, serve: () => void): void {
    const forget = (): void => void this.#unknown.delete(socket);
    this.#unknown.add(socket);
    socket.once('close', forget);
    answerPeer(socket, this.#options.name, this.#options.secret, () => {
      forget();
      socket.off('close', forget);
      serve();
    });
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
    const envelope = openEnvelope(this.#options.secret, request.headers[ENVELOPE_HEADER]);
    if (envelope === undefined) {
      request.socket.destroy();
      return;
    }
    withoutEnvelope(request);
    const connection = rememberConnection(response, envelope.clientAddress);
    enter(openExchange(this.#contextOf(envelope), connection, request, response));
  }

  #contextOf({ listener: name, secure }: Envelope): ListenerContext {
    const known = this.#contexts.get(name);
    if (known !== undefined) return known;
    const { current, observer } = this.#options;
    const lifecycle = this.#lifecycle;
    const context = {
      name,
      secure,
      unix: false,
      lifecycle,
      openExchanges: 0,
      fallbackHeaders: [],
      current,
      observer,
    };
    this.#contexts.set(name, context);
    return context;
  }
}

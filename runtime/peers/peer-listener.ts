/** Takes requests that peers hand over, and serves them as if they had come here. */
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { GenerationView } from '../generation.ts';
import { rememberConnection } from '../listen/connection.ts';
import { enter } from '../listen/front-door.ts';
import type { ListenerObserver } from '../listen/observer.ts';
import { type ListenerContext, openExchange } from '../listen/open-exchange.ts';
import { ENVELOPE_HEADER, type Envelope, openEnvelope } from './envelope.ts';

interface PeerListenerOptions {
  /** What it listens on. */
  readonly path: string;
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
  readonly #contexts = new Map<string, ListenerContext>();
  readonly #lifecycle = { closing: false, bodyTimeoutMs: 60_000, closers: new Set<() => void>() };

  constructor(options: PeerListenerOptions) {
    this.#options = options;
    // What is too large or too slow has been refused by the peer.
    this.#server = http.createServer({ maxHeaderSize: 1024 * 1024, requestTimeout: 0, headersTimeout: 0 });
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
    const closed = Promise.withResolvers<void>();
    this.#server.close(() => closed.resolve());
    const deadline = setTimeout(() => this.#server.closeAllConnections(), deadlineMs);
    await closed.promise;
    clearTimeout(deadline);
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

import {
  type Http2Server,
  Http2ServerRequest,
  Http2ServerResponse,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import type { TLSSocket, Server as TlsServer } from 'node:tls';
import type { BindAddress, ListenerNode } from '../../schema/graph/listener.ts';
import type { GatewayError } from '../errors.ts';
import type { GenerationView } from '../generation.ts';
import { endSpread, stillIn } from '../spread.ts';
import { type Counts, LocalCounts } from '../state/counts.ts';
import { urlOf } from './bind.ts';
import type { BoundAddress, Taker } from './bound-address.ts';
import { type Connection, knownConnection, peerAddress, rememberConnection } from './connection.ts';
import { ConnectionGate } from './connection-gate.ts';
import { createHttp2Server, createTlsServer, secureContextOptions } from './create-server.ts';
import type { WebResponse } from './exchange.ts';
import { enter, enterUnexpected } from './front-door.ts';
import { HandshakeTurns } from './handshake-turns.ts';
import { Http1Connection } from './http1/connection.ts';
import { readTogether } from './http1/read-together.ts';
import { type Arrival, Http2Arrivals } from './http2-arrivals.ts';
import { Http2Request } from './http2-request.ts';
import { ListenerHost } from './listener-host.ts';
import type { ListenerObserver } from './observer.ts';
import { type ListenerContext, type OpenExchange, openExchange } from './open-exchange.ts';
import { cutExchange } from './reply.ts';
import { NEVER_SHEDS, type Shedding } from './shedding.ts';
import { SlowReaders } from './slow-readers.ts';

const IDLE_CHECK_MS = 50;

/** For this long a client may still send what it was about to, once the end has begun. */
const GRACE_MS = 500;

/** The end of a session waits for what is unsent, which a failed connection never sends. */
function destroyFailed(this: TLSSocket): void {
  this.destroy();
}

/** What a listener must not go beyond, with others. */
export interface ListenerBounds {
  /** Asked by whoever brings new work; operations are served in any case. */
  readonly shedding?: Shedding | undefined;
  /** Open connections. */
  readonly connections?: Counts;
}

/** Somebody reads it now. */
const goOn = (socket: Socket): void => {
  if (socket.isPaused()) socket.resume();
};

/**
 * Serves the connections of an address. It lives as long as its address, protocols and kind of transport stay;
 * everything else of its node, its name included, is looked up in the current generation, once per request, or taken
 * over by `renew`.
 */
export class Listener implements Taker {
  readonly #address: BoundAddress;
  readonly #context: ListenerContext;
  readonly #gate: ConnectionGate;
  readonly #slowReaders = new SlowReaders();
  readonly #relieve = (maxUnreadBytes: number): void => this.#slowReaders.relieve(maxUnreadBytes);
  readonly #host: ListenerHost;
  /** Absent without TLS. */
  readonly #tls: TlsServer | undefined;
  readonly #handshakes = new HandshakeTurns((socket) => {
    this.#tls!.emit('connection', socket);
    goOn(socket);
  });
  /** Absent where HTTP/2 is not spoken. */
  readonly #http2: Http2Server | undefined;
  readonly #sessions = new Set<ServerHttp2Session>();
  #node: ListenerNode;
  #isServing = false;
  #closing: Promise<void> | undefined;

  constructor(
    node: ListenerNode,
    address: BoundAddress,
    current: () => GenerationView,
    observer: ListenerObserver,
    { shedding = NEVER_SHEDS, connections = new LocalCounts() }: ListenerBounds = {},
  ) {
    this.#node = node;
    this.#address = address;
    const unix = node.bind.type === 'unix';
    this.#context = {
      name: node.name,
      secure: node.tls !== undefined,
      unix,
      lifecycle: {
        closing: false,
        bodyTimeoutMs: node.connections.bodyTimeoutMs,
        closers: new Set(),
        shedding: node.serve.length > 0 ? NEVER_SHEDS : shedding,
      },
      slowReaders: this.#slowReaders,
      openExchanges: 0,
      fallbackHeaders: node.headers.flat(),
      current,
      observer,
    };
    this.#context.lifecycle.shedding.unread.relieved.add(this.#relieve);
    this.#gate = new ConnectionGate(this.#context, connections);
    this.#host = new ListenerHost(this.#context, this.#slowReaders, node);
    if (node.tls === undefined) return;
    this.#tls = this.#createTls(node, node.tls);
    if (node.http.includes('h2')) this.#http2 = this.#createHttp2(node);
  }

  get isForOperations(): boolean {
    return this.#node.serve.length > 0;
  }

  /** Whether it was told to serve. */
  get isServing(): boolean {
    return this.#isServing;
  }

  /** From here on connections may be handed to it. Not before, so that who never serves has nothing to end. */
  serve(): void {
    this.#isServing = true;
  }

  take(accepted: Socket): void {
    if (this.#tls === undefined) {
      const socket = readTogether(accepted);
      if (!this.#gate.admit(socket)) return;
      this.#serve(socket);
      goOn(socket);
      return;
    }
    const socket = accepted;
    if (!this.#gate.admit(socket)) return;
    // TLS ends what its client has ended.
    socket.allowHalfOpen = false;
    this.#handshakes.add(socket);
  }

  failed(error: Error): void {
    this.#context.observer.listenerFailed(this.#context.name, error);
  }

  /** Where it is bound, with the port that the system chose. */
  get bound(): BindAddress {
    return this.#address.bound;
  }

  /** The origin that callers use: the node's `url`, or one made of the bound address. */
  get url(): string {
    return this.urlBy(this.#node);
  }

  /** What `url` will be once it serves by this node. */
  urlBy(node: ListenerNode): string {
    return node.url === '' ? urlOf(this.bound, this.#context.secure) : node.url;
  }

  /** Takes over name, timeouts, sizes and TLS material in place; open connections stay. */
  renew(node: ListenerNode): void {
    this.#node = node;
    this.#context.name = node.name;
    this.#context.fallbackHeaders = node.headers.flat();
    this.#context.lifecycle.bodyTimeoutMs = node.connections.bodyTimeoutMs;
    this.#host.renew(node);
    if (node.tls !== undefined) this.#tls?.setSecureContext(secureContextOptions(node.tls));
  }

  /** Has requests that may go on no longer fail. */
  cut(mayNot: (exchange: OpenExchange) => boolean, error: GatewayError): void {
    for (const exchange of this.#slowReaders.exchanges()) if (mayNot(exchange)) cutExchange(exchange, error);
  }

  /**
   * Ends, once nothing leads to it any more. Each reply ends its connection. Within `windowMs` what would stay open
   * ends, idle connections do after half a second in which they may send, and HTTP/2 sessions get GOAWAY, each at a
   * moment of its own. It names the last request that is served (RFC 9113, 6.8), as Node.js takes none after it: what
   * came later was not begun. Then whoever has sent half of a request is answered 408. At `deadlineMs` (from the call)
   * all that are left are closed. When it resolves, every exchange is concluded. A second call may only bring the
   * deadline forward.
   */
  async close(windowMs: number, deadlineMs: number): Promise<void> {
    const deadline = setTimeout(() => this.#gate.destroyAll(), deadlineMs);
    this.#closing ??= this.#close(windowMs);
    await this.#closing;
    clearTimeout(deadline);
  }

  async #close(windowMs: number): Promise<void> {
    this.#context.lifecycle.closing = true;
    endSpread(stillIn(this.#context.lifecycle.closers), windowMs);
    const graceMs = Math.min(windowMs, GRACE_MS);
    endSpread(
      Array.from(this.#sessions, (session) => () => session.close()),
      windowMs,
    );
    let late: NodeJS.Timeout | undefined;
    const idle = setTimeout(() => {
      const endedMs = endSpread(this.#host.idleEnds(), windowMs - graceMs);
      // Whoever came meanwhile.
      late = setTimeout(() => {
        late = setInterval(() => endSpread(this.#host.idleEnds(), 0), IDLE_CHECK_MS);
      }, endedMs);
    }, graceMs);
    const window = setTimeout(() => this.#host.hurry(), windowMs);
    await this.#gate.empty();
    // The server tells that its connections are gone before each of them does.
    while (this.#context.openExchanges > 0) await setImmediate();
    clearTimeout(idle);
    clearTimeout(window);
    clearInterval(late);
    this.#context.lifecycle.shedding.unread.relieved.delete(this.#relieve);
    this.#slowReaders.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close(0, 0);
  }

  #serve(socket: Socket): void {
    const connection = new Http1Connection(socket, peerAddress(socket, this.#context.unix), this.#host);
    this.#host.connected(connection);
  }

  #createTls(node: ListenerNode, material: NonNullable<ListenerNode['tls']>): TlsServer {
    const server = createTlsServer(node, material);
    const speaksHttp1 = node.http.includes('http/1.1');
    server.on('secureConnection', (socket: TLSSocket) => {
      if (socket.alpnProtocol === 'h2' || !speaksHttp1) {
        socket.on('error', destroyFailed);
        this.#http2!.emit('connection', socket);
      } else this.#serve(socket);
    });
    server.on('tlsClientError', (_error: Error, socket: TLSSocket) => {
      this.#context.observer.badRequest(this.#context.name, 0);
      socket.destroy();
    });
    return server;
  }

  #createHttp2(node: ListenerNode): Http2Server {
    const server = createHttp2Server(node);
    const arrivals = new Http2Arrivals(
      (arrival) => this.#serveStream(arrival),
      () => this.#context.observer.badRequest(this.#context.name, 0),
    );
    server.on('stream', (stream: ServerHttp2Stream, headers, _flags, rawHeaders) =>
      arrivals.add({ stream, headers, rawHeaders }),
    );
    server.on('session', (session: ServerHttp2Session) => this.#hold(session));
    return server;
  }

  #serveStream({ stream, headers, rawHeaders }: Arrival): void {
    // Nobody tunnels through this one.
    if (headers[':method'] === 'CONNECT') {
      stream.respond({ ':status': 405 }, { endStream: true });
      return;
    }
    const request = new Http2ServerRequest(stream, headers, {}, rawHeaders);
    const exchange = openExchange(
      this.#context,
      this.#sessionOf(request),
      new Http2Request(request),
      // All that is asked of it is what Node.js has under the same names.
      new Http2ServerResponse(stream) as unknown as WebResponse,
    );
    const { expect } = headers;
    if (expect === undefined || expect === '100-continue') enter(exchange);
    else enterUnexpected(exchange);
    // It was refused, and so would be all that come until the session has its turn to end.
    if (this.#context.lifecycle.closing && !this.#isServed) stream.session?.close();
  }

  /** Whether the graph that serves now has it. */
  get #isServed(): boolean {
    return this.#context.current().listener(this.#context.name) !== undefined;
  }

  #sessionOf(request: Http2ServerRequest): Connection {
    const { session } = request.stream;
    return (
      (session && knownConnection(session)) ??
      rememberConnection(session ?? request.stream, peerAddress(request.socket, this.#context.unix))
    );
  }

  #hold(session: ServerHttp2Session): void {
    this.#sessions.add(session);
    rememberConnection(session, peerAddress(session.socket, this.#context.unix));
    session.on('error', (error: NodeJS.ErrnoException) => {
      // What it sent was no HTTP, or too much of it; a connection that broke is another matter.
      if (error.code?.startsWith('ERR_HTTP2') === true)
        this.#context.observer.badRequest(this.#context.name, 0);
      session.destroy();
    });
    session.once('close', () => this.#sessions.delete(session));
    session.setTimeout(this.#node.connections.idleTimeoutMs, () => session.close());
    if (this.#context.lifecycle.closing) session.close();
  }
}

import type { Server as HttpServer, IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse, ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import type { TLSSocket } from 'node:tls';
import type { BindAddress, ListenerNode } from '../../schema/graph/listener.ts';
import type { GenerationView } from '../generation.ts';
import { endSpread, stillIn } from '../spread.ts';
import { type Counts, LocalCounts } from '../state/counts.ts';
import { answerBadRequest } from './bad-request.ts';
import { urlOf } from './bind.ts';
import type { BoundAddress, Taker } from './bound-address.ts';
import { type Connection, knownConnection, peerAddress, rememberConnection } from './connection.ts';
import { ConnectionGate } from './connection-gate.ts';
import { createServer, type ListenerServer, secureContextOptions, serverSettings } from './create-server.ts';
import { enter, enterUnexpected, enterUpgrade } from './front-door.ts';
import type { ListenerObserver } from './observer.ts';
import { concludeConnection, type ListenerContext, openExchange, pathOf } from './open-exchange.ts';
import { NEVER_SHEDS, type Shedding } from './shedding.ts';
import { SlowReaders } from './slow-readers.ts';
import { asksForWebSocket, openUpgrade } from './upgrade.ts';

const IDLE_CHECK_MS = 50;

/** Idle connections may send for this long once the end has begun. */
const IDLE_WINDOW_MS = 500;

/** Whoever has sent half of a request has had the time for it. */
const NO_TIME_LEFT = { headersTimeout: 1, requestTimeout: 1 };

type TakeConnection = (this: ListenerServer, socket: Socket) => void;
type Request = IncomingMessage | Http2ServerRequest;
type Response = ServerResponse | Http2ServerResponse;

/** HTTP/1.1 connections without a request; also those beside HTTP/2, which the types do not know of. */
const closeIdle = (server: ListenerServer): void => (server as HttpServer).closeIdleConnections();

/** What a listener must not go beyond, with others. */
export interface ListenerBounds {
  /** Asked by whoever brings new work; operations are served in any case. */
  readonly shedding?: Shedding | undefined;
  /** Open connections. */
  readonly connections?: Counts;
}

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
  readonly #concludeSocket: (this: Socket) => void;
  readonly #server: ListenerServer;
  /** What the server itself does with a new connection. */
  readonly #takeConnection: readonly TakeConnection[];
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
    const slowReaders = this.#slowReaders;
    // Shared by all sockets, where a closure for each would be held as long as it.
    this.#concludeSocket = function (this: Socket): void {
      slowReaders.disconnected(this);
      const connection = knownConnection(this);
      if (connection !== undefined) concludeConnection(connection);
    };
    this.#gate = new ConnectionGate(this.#context, connections);
    this.#server = createServer(node, (request) => this.#switches(request));
    this.#takeConnection = this.#server.listeners('connection') as readonly TakeConnection[];
    this.#wire();
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
    // What a server does about its connections' time begins when it listens, which its address does for it.
    this.#server.emit('listening');
  }

  take(socket: Socket): void {
    if (!this.#gate.admit(socket)) return;
    // A server of TLS ends what its client has ended.
    if (this.#context.secure) socket.allowHalfOpen = false;
    for (const each of this.#takeConnection) each.call(this.#server, socket);
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
    Object.assign(this.#server, serverSettings(node));
    if (node.tls !== undefined && 'setSecureContext' in this.#server) {
      this.#server.setSecureContext(secureContextOptions(node.tls));
    }
  }

  /**
   * Ends, once nothing leads to it any more. Each reply ends its connection. Within `windowMs` what would stay open
   * ends, and HTTP/2 sessions get GOAWAY, each at a moment of its own; idle connections may send for half a second of
   * it, and then whoever has sent half of a request is answered 408. At `deadlineMs` (from the call) all that are left
   * are closed. When it resolves, every exchange is concluded. A second call may only bring the deadline forward.
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
    endSpread(
      Array.from(this.#sessions, (session) => () => session.close()),
      windowMs,
    );
    const server = this.#server;
    let idleCheck: NodeJS.Timeout | undefined;
    const idle = setTimeout(
      () => {
        closeIdle(server);
        idleCheck = setInterval(() => closeIdle(server), IDLE_CHECK_MS);
      },
      Math.min(windowMs, IDLE_WINDOW_MS),
    );
    const window = setTimeout(() => Object.assign(server, NO_TIME_LEFT), windowMs);
    await this.#gate.empty();
    // The server tells that its connections are gone before each of them does.
    while (this.#context.openExchanges > 0) await setImmediate();
    clearTimeout(idle);
    clearTimeout(window);
    clearInterval(idleCheck);
    this.#context.lifecycle.shedding.unread.relieved.delete(this.#relieve);
    this.#slowReaders.close();
    server.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close(0, 0);
  }

  #wire(): void {
    const server = this.#server as HttpServer;
    const { observer } = this.#context;
    const take = (request: Request, response: Response): void => enter(this.#open(request, response));
    server.on('timeout', this.#slowReaders.timedOut);
    server.on('request', take);
    server.on('checkContinue', take);
    server.on('checkExpectation', (request: Request, response: Response) =>
      enterUnexpected(this.#open(request, response)),
    );
    server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
      const { exchange, takeOver } = openUpgrade(this.#context, this.#connectionOf(request.socket), request, {
        socket,
        head,
      });
      enterUpgrade(exchange, takeOver);
    });
    server.on('clientError', (error: Error, socket) => {
      const { name } = this.#context;
      const headers = this.#context.current().listener(name)?.replyHeaders ?? this.#context.fallbackHeaders;
      const status = answerBadRequest(error, socket as Socket, headers);
      if (status !== undefined) observer.badRequest(name, status);
    });
    server.removeAllListeners('tlsClientError');
    server.on('tlsClientError', (_error: Error, socket: TLSSocket) => {
      observer.badRequest(this.#context.name, 0);
      socket.destroy();
    });
    server.on('session', (session: ServerHttp2Session) => this.#hold(session));
  }

  /** Whether a request is one for another protocol that is spoken at its path. */
  #switches(request: IncomingMessage): boolean {
    if (!asksForWebSocket(request)) return false;
    const upgrades = this.#context.current().listener(this.#context.name)?.upgrades;
    return upgrades?.has(pathOf(request.url ?? '')) === true;
  }

  #open(request: Request, response: Response) {
    const connection = 'stream' in request ? this.#sessionOf(request) : this.#connectionOf(request.socket);
    return openExchange(this.#context, connection, request, response);
  }

  #connectionOf(socket: Socket): Connection {
    const known = knownConnection(socket);
    if (known !== undefined) return known;
    const connection = rememberConnection(socket, peerAddress(socket, this.#context.unix));
    this.#slowReaders.connected(socket, connection);
    socket.on('close', this.#concludeSocket);
    return connection;
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
    session.on('error', () => session.destroy());
    session.once('close', () => this.#sessions.delete(session));
    session.setTimeout(this.#node.connections.idleTimeoutMs, () => session.close());
    if (this.#context.lifecycle.closing) session.close();
  }
}

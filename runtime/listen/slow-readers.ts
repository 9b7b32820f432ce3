/** Clients of one listener that do not read what they were sent: those that take nothing of it are cut off. */
import type { Http2Session, ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import { place, swapRemove } from '../swap-remove.ts';
import type { Connection } from './connection.ts';
import type { WebExchange } from './exchange.ts';
import type { OpenExchange } from './open-exchange.ts';
import { breakOff } from './outflow.ts';

/** How often is looked for them, and how long each is then waited for. */
const LOOK_MS = 15_000;
const STALL_MS = 45_000;

const cutOff = (exchange: WebExchange): void => {
  exchange.record.outcome = 'slow_reader';
  breakOff(exchange);
};

const cutSocket = (socket: Socket, { current }: Connection): void => {
  if (current !== undefined && socket.writableLength > 0) current.record.outcome = 'slow_reader';
  socket.destroy();
};

/** Nothing is done per request over HTTP/1.1, where each connection has one reply at a time. */
export class SlowReaders {
  readonly #sockets = new Map<Socket, Connection>();
  readonly #streams: OpenExchange[] = [];
  readonly #stalling = new WeakSet<OpenExchange>();
  readonly #stallMs: number;
  readonly #timer: NodeJS.Timeout;

  constructor(lookMs = LOOK_MS, stallMs = STALL_MS) {
    this.#stallMs = stallMs;
    this.#timer = setInterval(() => this.#look(), lookMs).unref();
  }

  /** A connection of HTTP/1.1, or of what it was upgraded to. */
  connected(socket: Socket, connection: Connection): void {
    this.#sockets.set(socket, connection);
  }

  disconnected(socket: Socket): void {
    this.#sockets.delete(socket);
  }

  /** A request over HTTP/2. */
  opened(exchange: OpenExchange): void {
    place(this.#streams, exchange);
  }

  concluded(exchange: OpenExchange): void {
    swapRemove(this.#streams, exchange);
  }

  /** Those that are not concluded. */
  exchanges(): readonly OpenExchange[] {
    const overHttp1 = Array.from(this.#sockets.values()).flatMap(({ current }) => current ?? []);
    return [...overHttp1, ...this.#streams];
  }

  /** Cuts off all that leave more than `maxUnreadBytes` unread. */
  relieve(maxUnreadBytes: number): void {
    for (const [socket, connection] of this.#sockets)
      if (socket.writableLength > maxUnreadBytes) cutSocket(socket, connection);
    this.#relieveStreams(maxUnreadBytes);
  }

  /** What Node.js says of a socket on which nothing has gone on for as long as was asked, unread bytes included. */
  timedOut(socket: Socket): void {
    const connection = this.#sockets.get(socket);
    if (connection !== undefined) cutSocket(socket, connection);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** What the streams of one connection leave counts together: a client has hundreds of them, and little in each. */
  #relieveStreams(maxUnreadBytes: number): void {
    const unread = new Map<Http2Session, number>();
    for (const exchange of this.#streams) {
      const { session, writableLength } = streamOf(exchange);
      if (session !== undefined) unread.set(session, (unread.get(session) ?? 0) + writableLength);
    }
    for (const exchange of [...this.#streams]) {
      const { session, writableLength } = streamOf(exchange);
      const left = session === undefined ? 0 : unread.get(session)!;
      if (left <= maxUnreadBytes || writableLength === 0) continue;
      unread.set(session!, left - writableLength);
      cutOff(exchange);
    }
  }

  /** Timers of Node.js see how far what was written has gone, and begin anew with every byte. */
  #look(): void {
    for (const [socket, connection] of this.#sockets) {
      const waits = socket.writableLength > 0 && connection.current !== undefined;
      if (waits === connection.stalls) continue;
      connection.stalls = waits;
      socket.setTimeout(waits ? this.#stallMs : 0);
    }
    for (const exchange of this.#streams) {
      if (this.#stalling.has(exchange) || streamOf(exchange).writableLength === 0) continue;
      this.#stalling.add(exchange);
      streamOf(exchange).setTimeout(this.#stallMs, () => {
        this.#stalling.delete(exchange);
        if (streamOf(exchange).writableLength > 0) cutOff(exchange);
      });
    }
  }
}

const streamOf = ({ request }: OpenExchange): ServerHttp2Stream => request.stream!;

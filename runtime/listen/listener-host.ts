/** What a listener is to its connections of HTTP/1.1. */
import type { ListenerNode } from '../../schema/graph/listener.ts';
import { enter, enterUnexpected, enterUpgrade } from './front-door.ts';
import type { Http1Connection } from './http1/connection.ts';
import { type Host, keepAliveLineOf, type Limits } from './http1/host.ts';
import type { Http1Request } from './http1/request.ts';
import type { Http1Response } from './http1/response.ts';
import { concludeUpgrade, type ListenerContext, openExchange, pathOf } from './open-exchange.ts';
import type { SlowReaders } from './slow-readers.ts';
import { asksForWebSocket, type TakeOver } from './upgrade.ts';

const limitsOf = ({ sizes, connections }: ListenerNode): Limits => ({
  headBytes: sizes.headerBytes,
  headTimeoutMs: connections.headerTimeoutMs,
  bodyTimeoutMs: connections.bodyTimeoutMs,
  idleTimeoutMs: connections.idleTimeoutMs,
});

export class ListenerHost implements Host {
  limits: Limits;
  keepAliveLine: string;
  readonly #context: ListenerContext;
  readonly #slowReaders: SlowReaders;
  readonly #connections = new Set<Http1Connection>();

  constructor(context: ListenerContext, slowReaders: SlowReaders, node: ListenerNode) {
    this.#context = context;
    this.#slowReaders = slowReaders;
    this.limits = limitsOf(node);
    this.keepAliveLine = keepAliveLineOf(this.limits.idleTimeoutMs);
  }

  /** Takes over timeouts and sizes. */
  renew(node: ListenerNode): void {
    this.limits = limitsOf(node);
    this.keepAliveLine = keepAliveLineOf(this.limits.idleTimeoutMs);
  }

  connected(connection: Http1Connection): void {
    this.#connections.add(connection);
    this.#slowReaders.connected(connection.socket, connection);
  }

  /** What ends each connection that has no request now, if it has none then. */
  idleEnds(): (() => void)[] {
    const idle = Array.from(this.#connections).filter(({ isIdle }) => isIdle);
    return idle.map((connection) => () => connection.endSoon());
  }

  /** Whoever has sent half of a request has had the time for it. */
  hurry(): void {
    this.limits = { ...this.limits, headTimeoutMs: 1, bodyTimeoutMs: 0 };
    for (const connection of this.#connections) connection.hurry();
  }

  take(
    connection: Http1Connection,
    request: Http1Request,
    response: Http1Response,
    isUnexpected: boolean,
  ): void {
    const exchange = openExchange(this.#context, connection, request, response);
    if (isUnexpected) enterUnexpected(exchange);
    else enter(exchange);
  }

  /** Whether a request is one for another protocol that is spoken at its path. */
  switches(request: Http1Request): boolean {
    if (!asksForWebSocket(request)) return false;
    const upgrades = this.#context.current().listener(this.#context.name)?.upgrades;
    return upgrades?.has(pathOf(request.url)) === true;
  }

  upgrade(
    connection: Http1Connection,
    request: Http1Request,
    response: Http1Response,
    takeOver: TakeOver,
  ): void {
    const exchange = openExchange(this.#context, connection, request, response);
    enterUpgrade(exchange, () => {
      const taken = takeOver();
      concludeUpgrade(exchange);
      return taken;
    });
  }

  refused({ current }: Http1Connection, status: number): string {
    const { name, observer } = this.#context;
    const headers = this.#context.current().listener(name)?.replyHeaders ?? this.#context.fallbackHeaders;
    observer.badRequest(name, status);
    if (status === 0) return '';
    let lines = '';
    for (let at = 0; at < headers.length; at += 2) lines += `${headers[at]}: ${headers[at + 1]}\r\n`;
    if (current !== undefined) {
      current.record.outcome = status === 408 ? 'body_timeout' : 'invalid_request';
      lines += `x-correlation-id: ${current.correlationId}\r\n`;
    }
    return lines;
  }

  stalled({ socket }: Http1Connection): void {
    this.#slowReaders.timedOut(socket);
  }

  gone(connection: Http1Connection): void {
    this.#connections.delete(connection);
    this.#slowReaders.disconnected(connection.socket);
  }
}

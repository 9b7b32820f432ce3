/** Requests that want to go on in another protocol on their connection (RFC 9110, 7.8). HTTP/1.1 only. */
import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Place } from '../mcp/server.ts';
import type { Connection } from './connection.ts';
import type { WebExchange } from './exchange.ts';
import { concludeUpgrade, type ListenerContext, type OpenExchange, openExchange } from './open-exchange.ts';

/** A connection on which HTTP is not spoken any more, with what came after the request. */
export interface TakenOver {
  readonly socket: Duplex;
  readonly head: Buffer;
}

/** Ends the exchange and hands over its connection. */
export type TakeOver = () => TakenOver;

/** Another protocol at one path. */
export interface Upgrade {
  readonly place: Place;
  /** Answers a request for it, or takes over its connection. */
  readonly take: (exchange: WebExchange, takeOver: TakeOver) => void;
}

/** Whether a request asks for WebSocket (RFC 6455, 4.2.1); for any other protocol it is a request like others. */
export const asksForWebSocket = ({ headers }: IncomingMessage): boolean =>
  headers.upgrade?.toLowerCase() === 'websocket';

/** Makes the exchange of such a request. Whatever is answered ends the connection. */
export const openUpgrade = (
  context: ListenerContext,
  connection: Connection,
  request: IncomingMessage,
  { socket, head }: TakenOver,
): { readonly exchange: OpenExchange; readonly takeOver: TakeOver } => {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket as never);
  const onError = (): void => void socket.destroy();
  socket.on('error', onError);
  response.on('finish', () => socket.end());
  const exchange = openExchange(context, connection, request, response);
  const takeOver = (): TakenOver => {
    response.detachSocket(socket as never);
    socket.off('error', onError);
    concludeUpgrade(exchange);
    return { socket, head };
  };
  return { exchange, takeOver };
};

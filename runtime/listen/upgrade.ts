/** Requests that want to go on in another protocol on their connection (RFC 9110, 7.8). HTTP/1.1 only. */
import type { Duplex } from 'node:stream';
import type { Place } from '../mcp/server.ts';
import type { WebExchange, WebRequest } from './exchange.ts';

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
export const asksForWebSocket = ({ headers }: WebRequest): boolean =>
  headers.upgrade?.toLowerCase() === 'websocket';

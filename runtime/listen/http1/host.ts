/** Whom the connections of HTTP/1.1 belong to. */
import type { TakeOver } from '../upgrade.ts';
import type { Http1Connection } from './connection.ts';
import type { Http1Request } from './request.ts';
import type { Http1Response } from './response.ts';

export interface Limits {
  /** Of a head, its request line included. */
  readonly headBytes: number;
  /** From its first byte on, or from the beginning of its connection. */
  readonly headTimeoutMs: number;
  /** Of a body, beyond that of its head. */
  readonly bodyTimeoutMs: number;
  /** Between two requests. */
  readonly idleTimeoutMs: number;
}

export interface Host {
  readonly limits: Limits;
  /** What tells clients of `idleTimeoutMs`, with its CRLF. */
  readonly keepAliveLine: string;
  /** Serves a request; `isUnexpected` if it expects what nobody knows (RFC 9110, 10.1.1). */
  take(
    connection: Http1Connection,
    request: Http1Request,
    response: Http1Response,
    isUnexpected: boolean,
  ): void;
  /** Whether a request that asks for another protocol may have it. */
  switches(request: Http1Request): boolean;
  upgrade(
    connection: Http1Connection,
    request: Http1Request,
    response: Http1Response,
    takeOver: TakeOver,
  ): void;
  /** Told of what is no request, and what it is answered with; 0: nothing. Gives more field lines of that reply. */
  refused(connection: Http1Connection, status: number): string;
  /** Nothing has gone on for as long as was asked of its socket. */
  stalled(connection: Http1Connection): void;
  /** It has ended, whatever protocol it went on in. Called once. */
  gone(connection: Http1Connection): void;
}

/** What clients are told of how long a connection is kept. */
export const keepAliveLineOf = (idleTimeoutMs: number): string =>
  `Keep-Alive: timeout=${Math.floor(idleTimeoutMs / 1000)}\r\n`;

import type { Socket } from 'node:net';
import type { AddressRules } from '../../policies/listen/address-rules.ts';
import { canonicalAddress } from '../../policies/listen/address-rules.ts';
import type { OpenExchange } from './open-exchange.ts';

/** What is remembered of a connection between its requests. */
export interface Connection {
  /** From {@link peerAddress}. */
  readonly peer: string;
  /** The rules that `trusted` and `admitted` come from; looked at again when a reload brings others. */
  judgedBy: AddressRules | undefined;
  trusted: boolean;
  admitted: boolean;
  /** The request that is not over. None for HTTP/2, whose streams tell of their own end. */
  current: OpenExchange | undefined;
  /** Whether the client is waited for: it leaves something unread. */
  stalls: boolean;
}

const CONNECTION = Symbol('connection');

interface Carrier {
  [CONNECTION]?: Connection;
}

/** The canonical address of a socket's peer; empty over a unix socket, `unknown` once a TCP peer is gone. */
export const peerAddress = (socket: Pick<Socket, 'remoteAddress'>, unix: boolean): string =>
  unix ? '' : (canonicalAddress(socket.remoteAddress ?? '') ?? 'unknown');

/** A connection of which nothing is known but the other end. */
export const newConnection = (peer: string): Connection => ({
  peer,
  judgedBy: undefined,
  trusted: false,
  admitted: false,
  current: undefined,
  stalls: false,
});

/** What is remembered of the connection that an HTTP/2 session carries. */
export const knownConnection = (carrier: object): Connection | undefined => (carrier as Carrier)[CONNECTION];

/** Begins to remember a connection. */
export const rememberConnection = (carrier: object, peer: string): Connection => {
  const connection = newConnection(peer);
  (carrier as Carrier)[CONNECTION] = connection;
  return connection;
};

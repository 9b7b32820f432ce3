import type { Exchange } from './exchange.ts';

/** Why a connection was refused at accept. */
export type ConnectionRefusal = 'max' | 'max_per_address' | 'handshakes' | 'address';

/** Is told what happens on listeners. Called on the hot path; must not throw. */
export interface ListenerObserver {
  connectionOpened(listener: string): void;
  connectionClosed(listener: string): void;
  connectionRefused(listener: string, reason: ConnectionRefusal): void;
  /** What came was not HTTP, or not in time; `status` is what it was answered with, 0 if with nothing. */
  badRequest(listener: string, status: number): void;
  exchangeStarted(exchange: Exchange): void;
  /** `status` is 0 if the client was gone before a reply began. */
  exchangeFinished(exchange: Exchange, status: number, durationMs: number): void;
  /** A socket's failure that belongs to no request: out of file descriptors, a failed accept. */
  listenerFailed(listener: string, error: Error): void;
}

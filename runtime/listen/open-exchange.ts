import { constants } from 'node:http2';
import { ANONYMOUS } from '../../schema/principal.ts';
import type { GenerationView } from '../generation.ts';
import type { Placed } from '../swap-remove.ts';
import type { Connection } from './connection.ts';
import { correlationIdOf } from './correlation-id.ts';
import type { WebExchange, WebRequest, WebResponse } from './exchange.ts';
import { newRecord } from './exchange-record.ts';
import { letGo } from './generation-hold.ts';
import type { ListenerObserver } from './observer.ts';
import type { Shedding } from './shedding.ts';
import type { SlowReaders } from './slow-readers.ts';

/** The part of a listener that every request shares. */
export interface ListenerContext {
  name: string;
  readonly secure: boolean;
  readonly unix: boolean;
  readonly lifecycle: {
    closing: boolean;
    bodyTimeoutMs: number;
    readonly closers: Set<() => void>;
    readonly shedding: Shedding;
  };
  /** Absent where readers are known to read. */
  readonly slowReaders?: SlowReaders | undefined;
  /** Exchanges that are not concluded. */
  openExchanges: number;
  /** Headers of replies that no generation has headers for. */
  fallbackHeaders: readonly string[];
  readonly current: () => GenerationView;
  readonly observer: ListenerObserver;
}

/** An exchange with what only the listener needs of it. */
export interface OpenExchange extends WebExchange, Placed {
  readonly context: ListenerContext;
  readonly connection: Connection;
}

const SLASH = 47;
const ORIGIN = /^https?:\/\/[^/?]*/i;

const withoutQuery = (target: string): string => {
  const query = target.indexOf('?');
  return query === -1 ? target : target.slice(0, query);
};

/** The path of a target over HTTP/1.1, which may be absolute (RFC 9112, 3.2.2). */
export const pathOf = (target: string): string => {
  if (target.charCodeAt(0) === SLASH) return withoutQuery(target);
  const origin = ORIGIN.exec(target)?.[0];
  return origin === undefined ? target : withoutQuery(target.slice(origin.length)) || '/';
};

/** Whether the reply was sent to its end. A reset HTTP/2 stream counts as finished, so it is asked how it ended. */
const isWhole = ({ request, response }: WebExchange): boolean =>
  response.writableEnded &&
  response.writableFinished &&
  (request.stream === undefined || request.stream.rstCode === constants.NGHTTP2_NO_ERROR);

/** Ends an exchange's hold on its generation and tells the observer. Harmless the second time. */
const concludeExchange = (exchange: OpenExchange): void => {
  if (exchange.concluded) return;
  exchange.concluded = true;
  exchange.connection.current = undefined;
  exchange.context.openExchanges -= 1;
  const { response, record, context, onAbort } = exchange;
  if (exchange.request.httpVersionMajor === 2) context.slowReaders?.concluded(exchange);
  const whole = isWhole(exchange);
  if (record.outcome === '') record.outcome = whole ? 'ok' : 'aborted';
  exchange.onAbort = undefined;
  if (!whole) onAbort?.();
  letGo(exchange);
  const status = response.headersSent ? response.statusCode : 0;
  context.observer.exchangeFinished(exchange, status, performance.now() - exchange.startedMs);
};

const SWITCHING_PROTOCOLS = 101;

/** The connection of the exchange goes on in another protocol. */
export const concludeUpgrade = (exchange: OpenExchange): void => {
  exchange.concluded = true;
  exchange.onAbort = undefined;
  exchange.context.openExchanges -= 1;
  exchange.connection.current = undefined;
  letGo(exchange);
  const durationMs = performance.now() - exchange.startedMs;
  exchange.context.observer.exchangeFinished(exchange, SWITCHING_PROTOCOLS, durationMs);
};

/**
 * Makes the exchange of a request; it holds the generation until response or connection close.
 * @param elapsedMs how long ago it came to whoever handed it over
 */
export const openExchange = (
  context: ListenerContext,
  connection: Connection,
  request: WebRequest,
  response: WebResponse,
  elapsedMs = 0,
): OpenExchange => {
  const generation = context.current();
  generation.acquire();
  context.openExchanges += 1;
  const exchange: OpenExchange = {
    request,
    response,
    hasOwnHeaders: true,
    listener: context.name,
    secure: context.secure,
    peer: connection.peer,
    clientAddress: connection.peer,
    path: (request.httpVersionMajor === 1 ? pathOf : withoutQuery)(request.url ?? ''),
    correlationId: correlationIdOf(request.headers['x-correlation-id']),
    replyHeaders: context.fallbackHeaders,
    startedMs: performance.now() - elapsedMs,
    principal: ANONYMOUS,
    record: newRecord(),
    lifecycle: context.lifecycle,
    concluded: false,
    onAbort: undefined,
    context,
    generation,
    holders: 1,
    onOver: undefined,
    connection,
    place: -1,
  };
  if (request.httpVersionMajor === 1) connection.current = exchange;
  else context.slowReaders?.opened(exchange);
  response.once('close', () => concludeExchange(exchange));
  context.observer.exchangeStarted(exchange);
  return exchange;
};

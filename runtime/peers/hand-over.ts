/** A request on its way to a peer. */
import type { Dispatcher } from 'undici';
import type { WebExchange } from '../listen/exchange.ts';
import { ENVELOPE_HEADER, sealEnvelope } from './envelope.ts';
import { endToEnd, ForwardedReply } from './forwarded-reply.ts';

const OWN_HEADERS = new Set(['content-length', 'expect', 'x-correlation-id', ENVELOPE_HEADER]);

/**
 * Sends the request over `link`, with the credentials that came with it, and the reply back. `onFailure` is called where
 * nothing was answered.
 */
export const sendOver = (
  link: Dispatcher,
  secret: Buffer,
  exchange: WebExchange,
  body: string | undefined,
  onFailure: (error: Error) => void,
): void => {
  const { request, listener, secure, clientAddress, correlationId } = exchange;
  const headers = endToEnd(request.rawHeaders, OWN_HEADERS);
  const authority = request.headers[':authority'];
  if (typeof authority === 'string' && request.headers.host === undefined) headers.push('host', authority);
  const elapsedMs = performance.now() - exchange.startedMs;
  headers.push(ENVELOPE_HEADER, sealEnvelope(secret, { listener, secure, clientAddress, elapsedMs }));
  headers.push('x-correlation-id', correlationId);
  const reply = new ForwardedReply(exchange, onFailure);
  const options = { path: request.url!, method: request.method as 'GET', headers, body: body ?? null };
  link.dispatch(options, reply);
};

/**
 * Every reply of the gateway goes through here: one head, the listener's headers, the correlation id. Each
 * function answers whether the reply was sent: false where one was already begun or the client is gone.
 */
import { asGatewayError, type GatewayError } from '../errors.ts';
import type { Exchange, WebExchange } from './exchange.ts';
import { holdHead, holdStreamHead } from './reply-head.ts';

const NONE: readonly string[] = Object.freeze([]);

/** `base` without the names that `headers` sets again, and then `headers`; both flat, names in lower case. */
const overlay = (base: readonly string[], headers: readonly string[]): string[] => {
  const merged: string[] = [];
  for (let i = 0; i < base.length; i += 2) {
    const name = base[i]!;
    let replaced = false;
    for (let j = 0; j < headers.length; j += 2) if (headers[j] === name) replaced = true;
    if (!replaced) merged.push(name, base[i + 1]!);
  }
  for (let i = 0; i < headers.length; i += 1) merged.push(headers[i]!);
  return merged;
};

const send = (exchange: WebExchange, status: number, head: string[]): void => {
  head.push('x-correlation-id', exchange.correlationId);
  const { response } = exchange;
  if (exchange.lifecycle.closing) response.keepAlive = false;
  response.writeHead(status, head);
};

const maySend = ({ concluded, response }: WebExchange): boolean =>
  !concluded && !response.headersSent && !response.destroyed;

/**
 * Sends the head. `headers` are flat with names in lower case; one of the listener's of the same name is left
 * out. False: nothing may be sent any more.
 */
export const writeHead = (exchange: WebExchange, status: number, headers: readonly string[]): boolean => {
  if (!maySend(exchange)) return false;
  if (!holdStreamHead(exchange, status, headers))
    send(exchange, status, overlay(exchange.replyHeaders, headers));
  return true;
};

const replyWith = (
  exchange: WebExchange,
  status: number,
  contentType: string,
  body: string,
  headers: readonly string[],
): boolean => {
  if (!maySend(exchange)) return false;
  const bytes = Buffer.byteLength(body);
  if (holdHead(exchange, status, headers, contentType, bytes)) {
    exchange.response.end(body);
    return true;
  }
  const head = headers.length === 0 ? exchange.replyHeaders.slice() : overlay(exchange.replyHeaders, headers);
  head.push('content-type', contentType, 'content-length', bytes.toString());
  send(exchange, status, head);
  exchange.response.end(body);
  return true;
};

/** `body` is JSON text. `headers` are flat, names in lower case. */
export const replyJson = (
  exchange: WebExchange,
  status: number,
  body: string,
  headers: readonly string[] = NONE,
): boolean => replyWith(exchange, status, 'application/json', body, headers);

/** JSON text in two parts: what is made for this reply, and bytes that are kept for others too. */
export const replyKeptJson = (
  exchange: WebExchange,
  start: string,
  end: Uint8Array,
  headers: readonly string[] = NONE,
): boolean => {
  if (!maySend(exchange)) return false;
  const head = headers.length === 0 ? exchange.replyHeaders.slice() : overlay(exchange.replyHeaders, headers);
  const length = Buffer.byteLength(start) + end.length;
  head.push('content-type', 'application/json', 'content-length', length.toString());
  send(exchange, 200, head);
  const { response } = exchange;
  response.write(start);
  response.end(end);
  return true;
};

/** A reply whose media type is neither JSON nor a stream. */
export const replyText = (
  exchange: WebExchange,
  status: number,
  contentType: string,
  body: string,
  headers: readonly string[] = NONE,
): boolean => replyWith(exchange, status, contentType, body, headers);

/** A reply without body: 202, 204, 405. */
export const replyEmpty = (
  exchange: WebExchange,
  status: number,
  headers: readonly string[] = NONE,
): boolean => {
  const sent = writeHead(exchange, status, status === 204 ? headers : ['content-length', '0', ...headers]);
  if (sent) exchange.response.end();
  return sent;
};

/** The JSON-RPC error response for an error, as text. `id` as in {@link replyError}. */
export const errorResponse = (exchange: Exchange, error: GatewayError, id?: string): string => {
  const { correlationId } = exchange;
  const data = JSON.stringify({ ...error.data, code: error.code, correlationId });
  const member = id === undefined ? '' : `"id":${id},`;
  return `{"jsonrpc":"2.0",${member}"error":{"code":${error.rpcCode},"message":${JSON.stringify(error.message)},"data":${data}}}`;
};

/** Retry-After of an error (RFC 9110, 10.2.3), flat, or nothing. */
const retryAfter = (error: GatewayError): readonly string[] =>
  error.retryAfterMs === undefined
    ? NONE
    : ['retry-after', Math.max(1, Math.ceil(error.retryAfterMs / 1000)).toString()];

/**
 * Answers with a JSON-RPC error response, the error's HTTP status and headers, and records the outcome. `id` is the JSON
 * text of the request's id; without it the member is left out (2026-07-28), a legacy caller gives `null`.
 */
export const replyError = (
  exchange: WebExchange,
  error: GatewayError,
  id?: string,
  headers: readonly string[] = NONE,
): boolean => {
  const own = error.headers === undefined ? retryAfter(error) : [...retryAfter(error), ...error.headers];
  const sent = replyJson(
    exchange,
    error.status,
    errorResponse(exchange, error, id),
    own.length === 0 ? headers : [...own, ...headers],
  );
  if (sent) {
    exchange.record.outcome = error.code;
    exchange.record.cause = error.cause;
  }
  return sent;
};

/**
 * Ends an exchange whose reply could not be made: by an error where nothing of it was sent, else broken off. Never
 * throws.
 */
export const replyFailed = (exchange: WebExchange, thrown: unknown, id?: string): void => {
  const { response, record } = exchange;
  try {
    if (replyError(exchange, asGatewayError(thrown), id)) return;
  } catch {
    // Not even an error can be sent: whatever is wrong is in what every reply has.
  }
  if (exchange.concluded || response.writableEnded) return;
  record.outcome = 'internal';
  record.cause = thrown;
  response.destroy();
};

/** Ends an exchange that may go on no longer: what works for it is taken back, and it fails with `error`. */
export const cutExchange = (exchange: WebExchange, error: GatewayError): void => {
  const { onAbort } = exchange;
  exchange.onAbort = undefined;
  onAbort?.();
  if (!exchange.concluded) replyFailed(exchange, error);
};

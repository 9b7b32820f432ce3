/**
 * The head of a reply as one text. Node.js makes the same of the same headers, but looks at each of them anew for every
 * reply: at the listener's own, which never change, and at those that were made here.
 */
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { WebExchange } from './exchange.ts';

/** What Node.js keeps of a head until it is sent; `holdLittle` knows it too. */
interface HeldHead {
  /** Null: there is none yet. */
  _header: string | null | undefined;
  _headerSent: boolean;
  readonly _keepAliveTimeout?: number;
}

const TOKEN = /^[!#$%&'*+\-.^_`|~\w]+$/;
const NOT_TEXT = /[^\t\x20-\x7e\x80-\xff]/;

/** What this file writes itself, and what changes how Node.js sends a reply. */
const NOT_PLAIN = new Set([
  'connection',
  'content-length',
  'content-type',
  'date',
  'expect',
  'keep-alive',
  'trailer',
  'transfer-encoding',
  'x-correlation-id',
]);

/** The field lines of flat headers; undefined where that is not all that there is to them. */
const linesOf = (headers: readonly string[]): string | undefined => {
  let text = '';
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at]!;
    const value = headers[at + 1]!;
    if (!TOKEN.test(name) || NOT_PLAIN.has(name) || NOT_TEXT.test(value)) return undefined;
    text += `${name}: ${value}\r\n`;
  }
  return text;
};

const known = new WeakMap<readonly string[], { readonly lines: string | undefined }>();

/** As `linesOf`, once for each array. */
const sharedLines = (headers: readonly string[]): string | undefined => {
  let found = known.get(headers);
  if (found === undefined) {
    found = { lines: linesOf(headers) };
    known.set(headers, found);
  }
  return found.lines;
};

/** Whether `own` has a header that the listener's have too. */
const overlaps = (base: readonly string[], own: readonly string[]): boolean => {
  for (let i = 0; i < own.length; i += 2)
    for (let j = 0; j < base.length; j += 2) if (own[i] === base[j]) return true;
  return false;
};

let second = 0;
let date = '';

/** The Date of this second (RFC 9110, 6.6.1). */
const dateLine = (): string => {
  const now = Math.floor(Date.now() / 1000);
  if (now !== second) {
    second = now;
    date = `Date: ${new Date(now * 1000).toUTCString()}\r\n`;
  }
  return date;
};

/** Whether it is the plain case: HTTP/1.1, a body, a connection that stays, nothing that Node.js has to look at. */
const isPlain = (request: IncomingMessage, response: ServerResponse & HeldHead, status: number): boolean =>
  response._header === null &&
  response.shouldKeepAlive &&
  request.httpVersionMajor === 1 &&
  request.httpVersionMinor === 1 &&
  request.method !== 'HEAD' &&
  request.headers.expect === undefined &&
  status >= 200 &&
  status !== 204 &&
  status !== 304;

/**
 * Gives the response its head: the listener's headers, `own`, type, length and correlation id. False, and nothing was
 * done: it is a case for `writeHead`.
 */
export const holdHead = (
  exchange: WebExchange,
  status: number,
  own: readonly string[],
  contentType: string,
  contentLength: number,
): boolean => {
  const response = exchange.response as ServerResponse & HeldHead;
  if (exchange.lifecycle.closing || !isPlain(exchange.request as IncomingMessage, response, status))
    return false;
  const shared = sharedLines(exchange.replyHeaders);
  const lines = linesOf(own);
  if (shared === undefined || lines === undefined || overlaps(exchange.replyHeaders, own)) return false;
  const keptMs = response._keepAliveTimeout ?? 0;
  const kept = keptMs > 0 ? `Keep-Alive: timeout=${Math.floor(keptMs / 1000)}\r\n` : '';
  response.statusCode = status;
  response._header = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'unknown'}\r\n${shared}${lines}content-type: ${contentType}\r\ncontent-length: ${contentLength}\r\nx-correlation-id: ${exchange.correlationId}\r\n${dateLine()}Connection: keep-alive\r\n${kept}\r\n`;
  response._headerSent = false;
  return true;
};

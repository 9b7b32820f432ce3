/** The head of an HTTP/1.1 reply, read strictly (RFC 9112, 2.2, 4, 5, 6): what two readers could read differently is refused. */

import { TracelessError } from '../../errors.ts';

/** Header names in lower case; a name that came more than once has its values joined by commas. */
export type ReplyHeaders = Readonly<Record<string, string | undefined>>;

/** How the end of the body is found (RFC 9112, 6.3). */
export type Framing =
  | { readonly kind: 'none' }
  | { readonly kind: 'length'; readonly bytes: number }
  | { readonly kind: 'chunked' }
  | { readonly kind: 'until-close' };

export interface ReplyHead {
  readonly status: number;
  readonly headers: ReplyHeaders;
  readonly framing: Framing;
  /** Whether the connection may carry another request after this reply. */
  readonly keepAlive: boolean;
}

/** The upstream sent what is no HTTP/1.1 reply. Its message is for the log. */
export class ReplyFault extends TracelessError {
  readonly code = 'REPLY_FAULT';
}

const TAB = 9;
const SPACE = 32;
const COLON = 58;
const DELETE = 127;
const ZERO = 48;

/** Of token characters (RFC 9110, 5.6.2). */
const IS_TOKEN = new Uint8Array(256);
for (const byte of Buffer.from(
  "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
))
  IS_TOKEN[byte] = 1;

const isText = (code: number): boolean => (code >= SPACE && code !== DELETE) || code === TAB;

const digitAt = (text: string, at: number): number => {
  const digit = text.charCodeAt(at) - ZERO;
  return digit >= 0 && digit <= 9 ? digit : Number.NaN;
};

const assertText = (text: string, from: number, to: number): void => {
  for (let at = from; at < to; at += 1)
    if (!isText(text.charCodeAt(at))) throw new ReplyFault('a control character in the head');
};

/** `text` from `from` to `to` without spaces and tabs around it. */
const trimmed = (text: string, from: number, to: number): string => {
  let start = from;
  let end = to;
  while (start < end && (text.charCodeAt(start) === SPACE || text.charCodeAt(start) === TAB)) start += 1;
  while (end > start && (text.charCodeAt(end - 1) === SPACE || text.charCodeAt(end - 1) === TAB)) end -= 1;
  return text.slice(start, end);
};

/** Reads the field lines from `from` to `to`, each ended by CRLF but for the last. */
export const readFields = (text: string, from: number, to: number): Record<string, string | undefined> => {
  const headers: Record<string, string | undefined> = Object.create(null);
  let at = from;
  while (at < to) {
    let colon = at;
    while (colon < to && IS_TOKEN[text.charCodeAt(colon)] === 1) colon += 1;
    if (colon === at || colon === to || text.charCodeAt(colon) !== COLON)
      throw new ReplyFault('a malformed field line');
    const found = text.indexOf('\r\n', colon);
    const end = found < 0 || found > to ? to : found;
    assertText(text, colon + 1, end);
    const name = text.slice(at, colon).toLowerCase();
    const value = trimmed(text, colon + 1, end);
    const frames = name === 'content-length' || name === 'transfer-encoding';
    // Some readers take no tab there for white space, and the body would end elsewhere for them.
    if (frames && text.slice(colon, end).includes('\t')) throw new ReplyFault(`a tab in ${name}`);
    const known = headers[name];
    if (known === undefined) headers[name] = value;
    else if (frames) throw new ReplyFault(`${name} more than once`);
    else headers[name] = `${known}, ${value}`;
    at = end + 2;
  }
  return headers;
};

const LENGTH = /^\d{1,15}$/;

const NO_BODY: Framing = { kind: 'none' };
const CHUNKED: Framing = { kind: 'chunked' };
const UNTIL_CLOSE: Framing = { kind: 'until-close' };

const framingOf = (status: number, isHead: boolean, minorVersion: number, headers: ReplyHeaders): Framing => {
  const coding = headers['transfer-encoding'];
  const length = headers['content-length'];
  if (coding !== undefined) {
    if (length !== undefined) throw new ReplyFault('both content-length and transfer-encoding');
    if (minorVersion === 0) throw new ReplyFault('transfer-encoding in HTTP/1.0');
    if (coding.toLowerCase() !== 'chunked') throw new ReplyFault('a transfer coding that was not asked for');
  }
  if (length !== undefined && !LENGTH.test(length)) throw new ReplyFault('a malformed content-length');
  if (isHead || status < 200 || status === 204 || status === 304) return NO_BODY;
  if (coding !== undefined) return CHUNKED;
  return length === undefined ? UNTIL_CLOSE : { kind: 'length', bytes: Number(length) };
};

const CLOSES = /(?:^|,)[ \t]*close[ \t]*(?:,|$)/i;

/** Reads the head in `text`, which ends at `end`, before its empty line. Throws a ReplyFault. */
export const readReplyHead = (text: string, end: number, isHead: boolean): ReplyHead => {
  const minorVersion = digitAt(text, 7);
  const status = digitAt(text, 9) * 100 + digitAt(text, 10) * 10 + digitAt(text, 11);
  const first = text.indexOf('\r\n');
  const lineEnd = first < 0 || first > end ? end : first;
  const isStatusLine =
    text.startsWith('HTTP/1.') &&
    (minorVersion === 0 || minorVersion === 1) &&
    text.charCodeAt(8) === SPACE &&
    status >= 100 &&
    (lineEnd === 12 || text.charCodeAt(12) === SPACE);
  if (!isStatusLine) throw new ReplyFault('no status line of HTTP/1.1');
  if (minorVersion === 0 && status < 200) throw new ReplyFault('an interim reply in HTTP/1.0');
  assertText(text, 12, lineEnd);
  const headers = readFields(text, lineEnd + 2, end);
  const framing = framingOf(status, isHead, minorVersion, headers);
  const { connection } = headers;
  const closes = connection !== undefined && CLOSES.test(connection);
  const keepAlive = minorVersion === 1 && !closes && framing !== UNTIL_CLOSE;
  return { status, headers, framing, keepAlive };
};

/** The head of an HTTP/1.1 request (RFC 9112, 3, 5 and 6). */
import { METHODS } from 'node:http';
import type { KnownAuthorization } from '../exchange.ts';
import { type Fields, MAX_FIELDS, readFields } from './fields.ts';

/** Of a body that comes in chunks. */
export const CHUNKED = -1;

/** Never changed: a connection has the same one for requests with the same head. */
export interface RequestHead extends Fields {
  readonly method: string;
  readonly target: string;
  readonly minorVersion: 0 | 1;
  /** Length of the body, or `CHUNKED`. */
  readonly bodyBytes: number;
  /** Whether the connection may carry another request after this one. */
  readonly keepAlive: boolean;
  /** What the client waits for before it sends its body (RFC 9110, 10.1.1). */
  readonly expects: 'nothing' | 'continue' | 'unknown';
  /** Whether it asks for another protocol on its connection (RFC 9110, 7.8). */
  readonly upgrades: boolean;
  readonly authorization: KnownAuthorization;
}

/** Statuses of heads that are none. */
type Fault = 400 | 431;

const KNOWN_METHODS: ReadonlySet<string> = new Set(METHODS.filter((method) => method !== 'CONNECT'));

const REQUEST_LINE = /^([A-Z-]+) ([\x21\x22\x24-\x7e]+) HTTP\/1\.([01])$/;
/** The forms of a target that a server is asked in (RFC 9112, 3.2); nobody tunnels through this one. */
const TARGET = /^(?:\/|\*$|https?:\/\/[\w.:[\]-]+(?:[/?]|$))/i;

const LENGTH = /^\d{1,15}$/;
const CLOSES = /(?:^|,)[ \t]*close[ \t]*(?:,|$)/i;
const KEEPS = /(?:^|,)[ \t]*keep-alive[ \t]*(?:,|$)/i;
const UPGRADES = /(?:^|,)[ \t]*upgrade[ \t]*(?:,|$)/i;
const CONTINUE = /^100-continue$/i;

/** Length of the body; undefined where it cannot be told for certain (RFC 9112, 6.3). */
const bodyBytesOf = ({ headers }: Fields, minorVersion: number): number | undefined => {
  const coding = headers['transfer-encoding'];
  const length = headers['content-length'];
  if (coding !== undefined)
    return length === undefined && minorVersion === 1 && coding.toLowerCase() === 'chunked'
      ? CHUNKED
      : undefined;
  if (length === undefined) return 0;
  return LENGTH.test(length) ? Number(length) : undefined;
};

const keepsAlive = (connection: string | undefined, minorVersion: number): boolean => {
  if (connection === undefined) return minorVersion === 1;
  if (CLOSES.test(connection)) return false;
  return minorVersion === 1 || KEEPS.test(connection);
};

const expectationOf = (expect: string | undefined, minorVersion: number): RequestHead['expects'] => {
  if (expect === undefined || minorVersion === 0) return 'nothing';
  return CONTINUE.test(expect) ? 'continue' : 'unknown';
};

/**
 * Reads a head without the empty line that ends it: each line has its CRLF. Answers a status where it is none. `before`
 * is the head before it on its connection.
 */
export const readRequestHead = (text: string, before?: RequestHead): RequestHead | Fault => {
  const lineEnd = text.indexOf('\r\n');
  const line = REQUEST_LINE.exec(text.slice(0, lineEnd));
  if (line === null) return 400;
  const [, method, target, minor] = line as unknown as [string, string, string, string];
  if (!KNOWN_METHODS.has(method) || !TARGET.test(target)) return 400;
  const fields = readFields(text, lineEnd + 2);
  if (fields === undefined) return 400;
  const { headers, rawHeaders, repeats } = fields;
  if (rawHeaders.length > 2 * MAX_FIELDS) return 431;
  const minorVersion = minor === '1' ? 1 : 0;
  const bodyBytes = bodyBytesOf(fields, minorVersion);
  if (bodyBytes === undefined) return 400;
  const { connection } = headers;
  return {
    method,
    target,
    minorVersion,
    headers,
    rawHeaders,
    repeats,
    bodyBytes,
    keepAlive: keepsAlive(connection, minorVersion),
    expects: expectationOf(headers.expect, minorVersion),
    upgrades:
      headers.upgrade !== undefined &&
      connection !== undefined &&
      bodyBytes === 0 &&
      minorVersion === 1 &&
      UPGRADES.test(connection),
    authorization:
      before !== undefined && before.headers.authorization === headers.authorization
        ? before.authorization
        : { digest: undefined },
  };
};

/** The field lines of a head (RFC 9112, 5), read strictly: what two readers could read differently is refused. */
import { type IncomingHttpHeaders, validateHeaderName, validateHeaderValue } from 'node:http';

const TAB = 9;
const SPACE = 32;
const COLON = 58;
const DELETE = 127;

/** More are taken for an attack. */
export const MAX_FIELDS = 256;

/** Of token characters (RFC 9110, 5.6.2). */
const IS_TOKEN = new Uint8Array(256);
for (const byte of Buffer.from(
  "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
))
  IS_TOKEN[byte] = 1;

/** Of visible characters, spaces, tabs and whatever is no ASCII (RFC 9110, 5.5). */
const IS_TEXT = new Uint8Array(256).fill(1, SPACE);
IS_TEXT[TAB] = 1;
IS_TEXT[DELETE] = 0;

/** Of these the first counts, as with Node.js. */
const FIRST_COUNTS = new Set([
  'age',
  'authorization',
  'content-length',
  'content-type',
  'etag',
  'expires',
  'from',
  'host',
  'if-modified-since',
  'if-unmodified-since',
  'last-modified',
  'location',
  'max-forwards',
  'proxy-authorization',
  'referer',
  'retry-after',
  'server',
  'user-agent',
]);

export interface Fields {
  /** By name in lower case; several of a name are joined as Node.js does it. */
  readonly headers: IncomingHttpHeaders;
  /** Names as they came and values, flat. */
  readonly rawHeaders: readonly string[];
  /** Whether a name has come more than once. */
  readonly repeats: boolean;
}

const TOKEN = /^[!#$%&'*+\-.^_`|~\w]+$/;
const NOT_TEXT = /[^\t\x20-\x7e\x80-\xff]/;

/** Names of replies, which few are: looked at once. */
const tokens = new Set<string>();
const MAX_TOKENS = 256;

const isToken = (name: string): boolean => {
  if (tokens.has(name)) return true;
  if (!TOKEN.test(name)) return false;
  if (tokens.size < MAX_TOKENS) tokens.add(name);
  return true;
};

/** Whether a field of a reply can be sent as it is: nothing in it begins another line. */
export const isSendable = (name: string, value: string): boolean => isToken(name) && !NOT_TEXT.test(value);

/** Throws what Node.js throws where a header cannot be sent. */
export const assertField = (name: string, value: string): void => {
  if (isSendable(name, value)) return;
  validateHeaderName(name);
  validateHeaderValue(name, value);
};

const isBlank = (code: number): boolean => code === SPACE || code === TAB;

/** Adds what comes once more. */
const join = (headers: IncomingHttpHeaders, name: string, value: string): void => {
  if (FIRST_COUNTS.has(name)) return;
  if (name === 'set-cookie') headers[name]!.push(value);
  else headers[name] = `${headers[name] as string}${name === 'cookie' ? '; ' : ', '}${value}`;
};

/** What tells where the body ends: nobody may read one of these differently. */
const frames = (name: string): boolean => name === 'content-length' || name === 'transfer-encoding';

/** Reads the lines of `text` from `at` on, each ended by CRLF. Undefined: one of them is malformed. */
export const readFields = (text: string, from: number): Fields | undefined => {
  const headers: IncomingHttpHeaders = Object.create(null);
  const rawHeaders: string[] = [];
  const end = text.length;
  let at = from;
  let repeats = false;
  while (at < end) {
    let colon = at;
    while (IS_TOKEN[text.charCodeAt(colon)] === 1) colon += 1;
    if (colon === at || text.charCodeAt(colon) !== COLON) return undefined;
    let start = colon + 1;
    while (isBlank(text.charCodeAt(start))) start += 1;
    let stop = start;
    while (IS_TEXT[text.charCodeAt(stop)] === 1) stop += 1;
    const next = stop + 2;
    if (text.charCodeAt(stop) !== 13 || text.charCodeAt(stop + 1) !== 10) return undefined;
    while (stop > start && isBlank(text.charCodeAt(stop - 1))) stop -= 1;
    const rawName = text.slice(at, colon);
    const name = rawName.toLowerCase();
    const value = text.slice(start, stop);
    rawHeaders.push(rawName, value);
    if (headers[name] === undefined) {
      if (name === 'set-cookie') headers[name] = [value];
      else headers[name] = value;
    } else if (frames(name)) return undefined;
    else {
      repeats = true;
      join(headers, name, value);
    }
    // Some readers take no tab there for white space, and the body would end elsewhere for them.
    if (frames(name) && text.slice(colon, next).includes('\t')) return undefined;
    at = next;
  }
  return { headers, rawHeaders, repeats };
};

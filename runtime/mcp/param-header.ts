/** Arguments mirrored in `Mcp-Param-*` headers (MCP 2026-07-28, streamable-http, `x-mcp-header`; SEP-2243). */
import { isUtf8 } from 'node:buffer';
import { isObject } from '../upstream/message.ts';

/** One annotated property of a tool's input schema. */
export interface ParamHeader {
  /** In lower case, with its `mcp-param-` prefix. */
  readonly header: string;
  /** Property names from the root of the arguments. */
  readonly path: readonly string[];
  readonly type: 'string' | 'integer' | 'boolean';
}

const PARAM_PREFIX = 'mcp-param-';

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const SENTINEL = /^=\?base64\?([\s\S]*)\?=$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const PLAIN = /^[\x20-\x7e\t]*$/;

const HYPHEN = 45;

/** The name of a header that mirrors an argument, in lower case; undefined for any other header. */
export const paramNameOf = (raw: string): string | undefined => {
  if (raw.length <= PARAM_PREFIX.length || raw.charCodeAt(3) !== HYPHEN || raw.charCodeAt(9) !== HYPHEN)
    return undefined;
  const name = raw.toLowerCase();
  return name.startsWith(PARAM_PREFIX) ? name : undefined;
};

/**
 * A header that mirrors an argument and is there twice. It is no list (RFC 9110, 5.3), so that one reader takes the
 * first, one the last, and one both as a text that an argument may be: it is malformed. `headers` has all of a name
 * joined, `rawHeaders` each, flat.
 */
export const repeatedParam = (
  headers: Readonly<Record<string, string | string[] | undefined>>,
  rawHeaders: readonly string[],
): string | undefined => {
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = paramNameOf(rawHeaders[at]!);
    if (name !== undefined && headers[name] !== rawHeaders[at + 1]) return name;
  }
  return undefined;
};

type Schema = Readonly<Record<string, unknown>>;

const annotated = (schema: unknown): boolean => {
  if (Array.isArray(schema)) return schema.some(annotated);
  if (!isObject(schema)) return false;
  return 'x-mcp-header' in schema || Object.values(schema).some(annotated);
};

const collect = (schema: Schema, path: readonly string[], found: ParamHeader[]): boolean => {
  for (const [key, value] of Object.entries(schema)) {
    if (key === 'properties' || key === 'x-mcp-header') continue;
    if (annotated(value)) return false;
  }
  const properties = schema.properties;
  if (!isObject(properties)) return true;
  for (const [name, property] of Object.entries(properties)) {
    if (!isObject(property)) continue;
    const header = property['x-mcp-header'];
    if (header !== undefined) {
      const type = property.type;
      if (typeof header !== 'string' || !TOKEN.test(header)) return false;
      if (type !== 'string' && type !== 'integer' && type !== 'boolean') return false;
      found.push({ header: PARAM_PREFIX + header.toLowerCase(), path: [...path, name], type });
    }
    if (!collect(property, [...path, name], found)) return false;
  }
  return true;
};

/**
 * The mirrored properties of an input schema, or undefined if an annotation breaks the rules, in which case the
 * tool must not be listed.
 */
export const paramHeadersOf = (inputSchema: unknown): readonly ParamHeader[] | undefined => {
  if (!isObject(inputSchema)) return [];
  const found: ParamHeader[] = [];
  if (!collect(inputSchema, [], found)) return undefined;
  const names = new Set(found.map(({ header }) => header));
  return names.size === found.length ? found : undefined;
};

/** A value as header text: plain where it is safe, base64 in a sentinel otherwise. Never holds CR, LF or NUL. */
export const encodeHeaderValue = (value: string): string =>
  PLAIN.test(value) && value.trim() === value && !SENTINEL.test(value)
    ? value
    : `=?base64?${Buffer.from(value, 'utf8').toString('base64')}?=`;

/** The value behind header text, or undefined if its base64 is malformed. */
export const decodeHeaderValue = (text: string): string | undefined => {
  const sentinel = SENTINEL.exec(text);
  if (sentinel === null) return text;
  if (!BASE64.test(sentinel[1]!)) return undefined;
  const bytes = Buffer.from(sentinel[1]!, 'base64');
  return isUtf8(bytes) ? bytes.toString('utf8') : undefined;
};

const argumentAt = (args: unknown, path: readonly string[]): unknown => {
  let value = args;
  for (const name of path) {
    if (!isObject(value) || !Object.hasOwn(value, name)) return undefined;
    value = value[name];
  }
  return value;
};

/** Only these have a text of their own: to ask an object for its text is to call what the caller wrote. */
const isScalar = (value: unknown): value is string | number | boolean =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';

/** As JSON writes numbers: what other readers take for another number, or for none, agrees with nothing. */
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

const agreesAsNumber = (value: unknown, text: string): boolean =>
  typeof value === 'number' &&
  NUMBER.test(text) &&
  Number(text) === value &&
  // Beyond, different numbers are the same to us.
  Math.abs(value) <= Number.MAX_SAFE_INTEGER;

const agrees = (value: unknown, text: string, type: ParamHeader['type']): boolean => {
  if (type === 'integer') return agreesAsNumber(value, text);
  return isScalar(value) && String(value) === text;
};

/** Whether the headers mirror the arguments; the reason if not. `headers` has lower-case names. */
export const paramHeaderMismatch = (
  params: readonly ParamHeader[],
  args: unknown,
  headers: Readonly<Record<string, string | string[] | undefined>>,
): string | undefined => {
  for (const { header, path, type } of params) {
    const value = argumentAt(args, path);
    const sent = headers[header];
    if (value === undefined || value === null) {
      if (sent !== undefined) return `${header} is sent without its argument`;
      continue;
    }
    if (typeof sent !== 'string') return `${header} is missing`;
    const decoded = decodeHeaderValue(sent);
    if (decoded === undefined) return `${header} is malformed`;
    if (!agrees(value, decoded, type)) return `${header} does not match its argument`;
  }
  return undefined;
};

/** The headers that mirror `args`, flat; arguments of another type than the schema's have none. */
export const paramHeaders = (params: readonly ParamHeader[], args: unknown): string[] => {
  const flat: string[] = [];
  for (const { header, path } of params) {
    const value = argumentAt(args, path);
    if (isScalar(value)) flat.push(header, encodeHeaderValue(String(value)));
  }
  return flat;
};

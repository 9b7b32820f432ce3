/** The field lines of replies over HTTP/1.1 as text: those that never change are looked at once. */
import type { WebExchange } from './exchange.ts';
import { isSendable } from './http1/fields.ts';

/** What is written for every reply, and what changes how it is sent. */
const NOT_PLAIN = new Set([
  'connection',
  'content-length',
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
    if (NOT_PLAIN.has(name) || !isSendable(name, value)) return undefined;
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

/** The lines of `own` and of those of `base` that it does not set again. */
const overlaidLines = (base: readonly string[], own: readonly string[]): string | undefined => {
  const kept: string[] = [];
  for (let at = 0; at < base.length; at += 2)
    if (!overlaps(base.slice(at, at + 2), own)) kept.push(base[at]!, base[at + 1]!);
  return linesOf([...kept, ...own]);
};

const overlaid = new WeakMap<
  readonly string[],
  WeakMap<readonly string[], { readonly lines: string | undefined }>
>();

/** As `overlaidLines`, once for each pair of arrays. */
const sharedOverlay = (base: readonly string[], own: readonly string[]): string | undefined => {
  let ofBase = overlaid.get(base);
  if (ofBase === undefined) {
    ofBase = new WeakMap();
    overlaid.set(base, ofBase);
  }
  let found = ofBase.get(own);
  if (found === undefined) {
    found = { lines: overlaidLines(base, own) };
    ofBase.set(own, found);
  }
  return found.lines;
};

/** The lines of `base` with those of `own`, which win. An array that is frozen is the same for many replies. */
const linesWith = (base: readonly string[], own: readonly string[]): string | undefined => {
  if (own.length === 0) return sharedLines(base);
  if (Object.isFrozen(own)) return sharedOverlay(base, own);
  if (overlaps(base, own)) return overlaidLines(base, own);
  const shared = sharedLines(base);
  const lines = linesOf(own);
  return shared === undefined || lines === undefined ? undefined : shared + lines;
};

/**
 * Gives the response its head: the listener's headers, `own`, type, length and correlation id. False, and nothing was
 * done: it is a case for `writeHead`.
 */
export const holdHead = (
  { response, replyHeaders, correlationId, lifecycle }: WebExchange,
  status: number,
  own: readonly string[],
  contentType: string,
  contentLength: number,
): boolean => {
  const lines = response.holdHead === undefined ? undefined : linesWith(replyHeaders, own);
  if (lines === undefined) return false;
  if (lifecycle.closing) response.keepAlive = false;
  response.holdHead!(
    status,
    `${lines}content-type: ${contentType}\r\ncontent-length: ${contentLength}\r\nx-correlation-id: ${correlationId}\r\n`,
    contentLength,
  );
  return true;
};

/** As `holdHead`, for a body that comes in pieces. */
export const holdStreamHead = (
  { response, replyHeaders, correlationId, lifecycle }: WebExchange,
  status: number,
  own: readonly string[],
): boolean => {
  const lines = response.holdHead === undefined ? undefined : linesWith(replyHeaders, own);
  if (lines === undefined) return false;
  if (lifecycle.closing) response.keepAlive = false;
  response.holdHead!(status, `${lines}x-correlation-id: ${correlationId}\r\n`, undefined);
  return true;
};

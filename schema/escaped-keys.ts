/**
 * JSON.parse, but for keys that are written with escapes: V8 takes one for a key that it knows to follow there where
 * the text begins with that one, though it goes on, so that `"\u0070ath"` reads `\u00` to who has read that key before.
 */
import { keyOf, skipScalar, skipSpace, skipString } from './json-text.ts';

const QUOTE = 34;
const COMMA = 44;
const COLON = 58;
const OPEN_BRACKET = 91;
const CLOSE_BRACKET = 93;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;

/** Whether a key of well-formed JSON is written with an escape. */
const hasEscapedKey = (text: string): boolean => {
  if (!text.includes('\\')) return false;
  for (let at = text.indexOf('"'); at >= 0; ) {
    const end = skipString(text, at);
    if (text.charCodeAt(skipSpace(text, end)) === COLON && text.slice(at, end).includes('\\')) return true;
    at = text.indexOf('"', end);
  }
  return false;
};

const put = (into: object, key: string | undefined, value: unknown): void => {
  if (key === undefined) (into as unknown[]).push(value);
  else if (key === '__proto__')
    Object.defineProperty(into, key, { value, writable: true, enumerable: true, configurable: true });
  else (into as Record<string, unknown>)[key] = value;
};

/** The value of well-formed JSON, key by key. Without recursion: it may nest deeper than the stack reaches. */
const readByKeys = (text: string): unknown => {
  const whole: unknown[] = [];
  const open: object[] = [whole];
  let key: string | undefined;
  let at = skipSpace(text, 0);
  while (at < text.length) {
    const code = text.charCodeAt(at);
    const within = open.at(-1)!;
    let end = at + 1;
    if (code === CLOSE_BRACE || code === CLOSE_BRACKET) open.pop();
    else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      const value = code === OPEN_BRACE ? {} : [];
      put(within, key, value);
      key = undefined;
      open.push(value);
    } else if (code !== COMMA) {
      end = code === QUOTE ? skipString(text, at) : skipScalar(text, at);
      if (key === undefined && !Array.isArray(within)) {
        key = keyOf(text, at, end);
        end = skipSpace(text, end) + 1;
      } else {
        put(within, key, JSON.parse(text.slice(at, end)));
        key = undefined;
      }
    }
    at = skipSpace(text, end);
  }
  return whole[0];
};

/** @throws SyntaxError where `text` is no JSON. */
export const parseExactly = (text: string): unknown => {
  const value: unknown = JSON.parse(text);
  return hasEscapedKey(text) ? readByKeys(text) : value;
};

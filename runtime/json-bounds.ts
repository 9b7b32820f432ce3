/** Bounds of a JSON text that are held to before it is parsed: one pass over it that makes nothing. */

export interface JsonBounds {
  /** Of nesting. */
  readonly depth: number;
  /** Of all arrays and members of all objects, together: an empty one counts as one. */
  readonly items: number;
  /** Of one string or key, in UTF-16 units as they are sent. */
  readonly length: number;
}

export type JsonExcess = 'depth' | 'items' | 'length';

const QUOTE = 34;
const COMMA = 44;
const OPEN_BRACKET = 91;
const BACKSLASH = 92;
const CLOSE_BRACKET = 93;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;

/** Texts that are no longer cannot cost much: their depth is looked at when they are read. */
const SMALL = 64 * 1024;

/** Whether a text is too short to exceed anything but the depth. */
const isWithin = ({ length }: string, bounds: JsonBounds): boolean =>
  length <= SMALL && length <= bounds.length && length <= bounds.items;

/** The quote that ends the string which opens at `from`, or the end of the text. */
const endOfString = (text: string, from: number): number => {
  for (let at = text.indexOf('"', from + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    let slashes = 0;
    while (text.charCodeAt(at - 1 - slashes) === BACKSLASH) slashes += 1;
    if (slashes % 2 === 0) return at;
  }
  return text.length;
};

const scan = (text: string, bounds: JsonBounds): JsonExcess | undefined => {
  let depth = 0;
  let items = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      const end = endOfString(text, at);
      if (end - at - 1 > bounds.length) return 'length';
      at = end;
    } else if (code === COMMA) items += 1;
    else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      items += 1;
      depth += 1;
      if (depth > bounds.depth) return 'depth';
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) depth = Math.max(0, depth - 1);
    if (items > bounds.items) return 'items';
  }
  return undefined;
};

/** What a text has too much of, whether it is JSON or not. The depth of a small text is not looked at. */
export const jsonExcess = (text: string, bounds: JsonBounds): JsonExcess | undefined =>
  isWithin(text, bounds) ? undefined : scan(text, bounds);

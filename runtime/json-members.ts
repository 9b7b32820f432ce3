/**
 * Where the members of a message lie in its text, so that fields can be changed by splicing and everything else
 * is forwarded as the bytes that came. All functions expect text that JSON.parse has accepted.
 */
import { keyOf, skipScalar, skipSpace, skipString } from '../schema/json-text.ts';

/** The members of one object, in order. Offsets are UTF-16 units; ends are exclusive. */
export interface Members {
  readonly keys: string[];
  /** Of the key's opening quote. */
  readonly keyStarts: number[];
  readonly starts: number[];
  readonly ends: number[];
}

/** Why a message is refused although it is JSON. */
export type MessageFault = 'duplicate-key' | 'too-deep';

const QUOTE = 34;
const COMMA = 44;
const OPEN_BRACKET = 91;
const CLOSE_BRACKET = 93;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;

/** More members are not looked through for one with the same key. */
const LINEAR_LOOKUP_MAX = 16;

/** Of each member: where its key begins and ends, and its value. */
const PLACES = 4;
/** Room for so many places is kept. */
const MAX_KEPT_PLACES = 4 * 1024;

/** The members of all objects that a walk is within. Kept between walks: arrays that grow cost more than the walk. */
let places: number[] = [];

/** Members `from` to `end` of `places`. */
const membersOf = (text: string, from: number, end: number): Members => {
  const length = (end - from) / PLACES;
  const keys = new Array<string>(length);
  const keyStarts = new Array<number>(length);
  const starts = new Array<number>(length);
  const ends = new Array<number>(length);
  for (let index = 0, at = from; at < end; index += 1, at += PLACES) {
    const keyStart = places[at]!;
    keys[index] = keyOf(text, keyStart, places[at + 1]!);
    keyStarts[index] = keyStart;
    starts[index] = places[at + 2]!;
    ends[index] = places[at + 3]!;
  }
  return { keys, keyStarts, starts, ends };
};

/** Whether two keys of one length are written alike. */
const isWrittenAlike = (text: string, one: number, other: number, length: number): boolean => {
  for (let at = 1; at < length; at += 1)
    if (text.charCodeAt(one + at) !== text.charCodeAt(other + at)) return false;
  return true;
};

/** One walk over one message: collects the three objects that are read, refuses duplicates and depth everywhere. */
class Walk {
  fault: MessageFault | undefined;
  root: Members | undefined;
  params: Members | undefined;
  meta: Members | undefined;
  readonly text: string;
  readonly maxDepth: number;
  /** Whether a key may be written in several ways. */
  readonly #hasEscapes: boolean;
  /** Behind the last of `places`. */
  #top = 0;

  constructor(text: string, maxDepth: number) {
    this.text = text;
    this.maxDepth = maxDepth;
    this.#hasEscapes = text.includes('\\');
  }

  value(from: number, depth: number): number {
    const code = this.text.charCodeAt(from);
    if (code === QUOTE) return skipString(this.text, from);
    if (code === OPEN_BRACE) return this.object(from, depth + 1, '');
    if (code === OPEN_BRACKET) return this.array(from, depth + 1);
    return skipScalar(this.text, from);
  }

  array(from: number, depth: number): number {
    if (depth > this.maxDepth) this.fault = 'too-deep';
    let at = skipSpace(this.text, from + 1);
    if (this.text.charCodeAt(at) === CLOSE_BRACKET) return at + 1;
    while (this.fault === undefined) {
      at = skipSpace(this.text, this.value(at, depth));
      if (this.text.charCodeAt(at) === CLOSE_BRACKET) return at + 1;
      at = skipSpace(this.text, at + 1);
    }
    return at;
  }

  /** The offset after the object that opens at `from`. */
  object(from: number, depth: number, path: 'root' | 'params' | '' | 'meta'): number {
    const { text } = this;
    const base = this.#top;
    if (depth > this.maxDepth) this.fault = 'too-deep';
    let at = skipSpace(text, from + 1);
    let seen: Set<string> | undefined;
    let isOver = text.charCodeAt(at) === CLOSE_BRACE;
    while (!isOver && this.fault === undefined) {
      const keyEnd = skipString(text, at);
      if (seen === undefined && (this.#hasEscapes || this.#top - base >= PLACES * LINEAR_LOOKUP_MAX))
        seen = new Set(membersOf(text, base, this.#top).keys);
      if (seen === undefined) {
        if (this.#isKnown(base, at, keyEnd)) this.fault = 'duplicate-key';
      } else {
        const key = keyOf(text, at, keyEnd);
        if (seen.has(key)) this.fault = 'duplicate-key';
        seen.add(key);
      }
      const start = skipSpace(text, skipSpace(text, keyEnd) + 1);
      const member = this.#top;
      this.#top += PLACES;
      places[member] = at;
      places[member + 1] = keyEnd;
      places[member + 2] = start;
      const end = this.member(at, keyEnd, start, depth, path);
      places[member + 3] = end;
      at = skipSpace(text, end);
      isOver = text.charCodeAt(at) === CLOSE_BRACE;
      if (!isOver) at = skipSpace(text, at + 1);
    }
    if (path !== '') this[path] = membersOf(text, base, this.#top);
    this.#top = base;
    return at + 1;
  }

  private member(keyStart: number, keyEnd: number, start: number, depth: number, path: string): number {
    if (path !== '' && path !== 'meta' && this.text.charCodeAt(start) === OPEN_BRACE) {
      const key = keyOf(this.text, keyStart, keyEnd);
      if (path === 'root' && key === 'params') return this.object(start, depth + 1, 'params');
      if (path === 'params' && key === '_meta') return this.object(start, depth + 1, 'meta');
    }
    return this.value(start, depth);
  }

  /** Whether a member from `base` on has this key; none is written with escapes. */
  #isKnown(base: number, keyStart: number, keyEnd: number): boolean {
    const length = keyEnd - keyStart;
    for (let at = base; at < this.#top; at += PLACES) {
      const known = places[at]!;
      if (places[at + 1]! - known === length && isWrittenAlike(this.text, known, keyStart, length))
        return true;
    }
    return false;
  }
}

const walked = (text: string, maxDepth: number): Walk => {
  const walk = new Walk(text, maxDepth);
  walk.object(skipSpace(text, 0), 1, 'root');
  if (places.length > MAX_KEPT_PLACES) places = [];
  return walk;
};

/** What a walk over a whole message has found: kept until it is let go of, then found again when it is asked for. */
export class MessageMembers {
  readonly #text: string;
  #found: Walk | undefined;

  constructor(walk: Walk) {
    this.#text = walk.text;
    this.#found = walk;
  }

  get root(): Members {
    return this.#walk().root!;
  }

  get params(): Members | undefined {
    return this.#walk().params;
  }

  /** Of `params._meta`. */
  get meta(): Members | undefined {
    return this.#walk().meta;
  }

  /** It is not asked for any more, as a rule: a call that lasts need not hold it. */
  letGo(): void {
    this.#found = undefined;
  }

  #walk(): Walk {
    this.#found ??= walked(this.#text, Number.POSITIVE_INFINITY);
    return this.#found;
  }
}

/** Walks a JSON object message. Refuses a key that an object has twice, at any depth, and nesting over `maxDepth`. */
export const walkMessage = (text: string, maxDepth: number): MessageMembers | MessageFault => {
  const walk = walked(text, maxDepth);
  return walk.fault ?? new MessageMembers(walk);
};

/** The offset after the value that starts at `from`. */
export const skipValue = (text: string, from: number): number => {
  const code = text.charCodeAt(from);
  if (code === QUOTE) return skipString(text, from);
  if (code !== OPEN_BRACE && code !== OPEN_BRACKET) return skipScalar(text, from);
  let depth = 0;
  let at = from;
  for (;;) {
    const here = text.charCodeAt(at);
    if (here === QUOTE) at = skipString(text, at) - 1;
    else if (here === OPEN_BRACE || here === OPEN_BRACKET) depth += 1;
    else if (here === CLOSE_BRACE || here === CLOSE_BRACKET) {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
    at += 1;
  }
};

/** The members of the object that starts at `from`, one level only. Empty if no object starts there. */
export const membersAt = (text: string, from: number): Members => {
  let at = skipSpace(text, from);
  let top = 0;
  if (text.charCodeAt(at) === OPEN_BRACE) at = skipSpace(text, at + 1);
  else at = text.length;
  while (text.charCodeAt(at) === QUOTE) {
    const keyEnd = skipString(text, at);
    const start = skipSpace(text, skipSpace(text, keyEnd) + 1);
    const end = skipValue(text, start);
    places[top] = at;
    places[top + 1] = keyEnd;
    places[top + 2] = start;
    places[top + 3] = end;
    top += PLACES;
    at = skipSpace(text, end);
    if (text.charCodeAt(at) !== COMMA) break;
    at = skipSpace(text, at + 1);
  }
  const members = membersOf(text, 0, top);
  if (places.length > MAX_KEPT_PLACES) places = [];
  return members;
};

/** Whether a key occurs twice. */
export const hasDuplicate = (keys: readonly string[]): boolean => {
  if (keys.length > LINEAR_LOOKUP_MAX) return new Set(keys).size < keys.length;
  for (let at = 1; at < keys.length; at += 1) if (keys.indexOf(keys[at]!) < at) return true;
  return false;
};

/** Start and end of each element of the array that starts at `from`. */
export const elementsAt = (text: string, from: number): [start: number, end: number][] => {
  const elements: [number, number][] = [];
  let at = skipSpace(text, from);
  if (text.charCodeAt(at) !== OPEN_BRACKET) return elements;
  at = skipSpace(text, at + 1);
  while (at < text.length && text.charCodeAt(at) !== CLOSE_BRACKET) {
    const end = skipValue(text, at);
    elements.push([at, end]);
    at = skipSpace(text, end);
    if (text.charCodeAt(at) !== COMMA) break;
    at = skipSpace(text, at + 1);
  }
  return elements;
};

/** The text of the value of `key`, or undefined. */
export const memberText = (text: string, members: Members | undefined, key: string): string | undefined => {
  if (members === undefined) return undefined;
  const index = members.keys.indexOf(key);
  return index < 0 ? undefined : text.slice(members.starts[index], members.ends[index]);
};

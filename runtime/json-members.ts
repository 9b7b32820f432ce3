/**
 * Where the members of a message lie in its text, so that fields can be changed by splicing and everything else
 * is forwarded as the bytes that came. All functions expect text that JSON.parse has accepted.
 */

/** The members of one object, in order. Offsets are UTF-16 units; ends are exclusive. */
export interface Members {
  readonly keys: string[];
  /** Of the key's opening quote. */
  readonly keyStarts: number[];
  readonly starts: number[];
  readonly ends: number[];
}

/** What a walk over a whole message finds. */
export interface MessageMembers {
  readonly root: Members;
  readonly params: Members | undefined;
  /** Of `params._meta`. */
  readonly meta: Members | undefined;
}

/** Why a message is refused although it is JSON. */
export type MessageFault = 'duplicate-key' | 'too-deep';

const QUOTE = 34;
const COMMA = 44;
const OPEN_BRACKET = 91;
const BACKSLASH = 92;
const CLOSE_BRACKET = 93;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;

const skipSpace = (text: string, from: number): number => {
  let at = from;
  for (let code = text.charCodeAt(at); code === 32 || code === 10 || code === 13 || code === 9; ) {
    at += 1;
    code = text.charCodeAt(at);
  }
  return at;
};

/** The offset after the string that opens at `from`. */
const skipString = (text: string, from: number): number => {
  let at = from;
  for (;;) {
    at = text.indexOf('"', at + 1);
    let slashes = 0;
    while (text.charCodeAt(at - 1 - slashes) === BACKSLASH) slashes += 1;
    if (slashes % 2 === 0) return at + 1;
  }
};

const skipScalar = (text: string, from: number): number => {
  let at = from;
  for (;;) {
    const code = text.charCodeAt(at);
    if (code === COMMA || code === CLOSE_BRACE || code === CLOSE_BRACKET || code <= 32 || at >= text.length)
      return at;
    at += 1;
  }
};

const keyOf = (text: string, start: number, end: number): string => {
  const raw = text.slice(start + 1, end - 1);
  return raw.includes('\\') ? (JSON.parse(text.slice(start, end)) as string) : raw;
};

const emptyMembers = (): Members => ({ keys: [], keyStarts: [], starts: [], ends: [] });

const LINEAR_LOOKUP_MAX = 16;

/** One walk over one message: collects the three objects that are read, refuses duplicates and depth everywhere. */
class Walk {
  fault: MessageFault | undefined;
  params: Members | undefined;
  meta: Members | undefined;
  readonly text: string;
  readonly maxDepth: number;

  constructor(text: string, maxDepth: number) {
    this.text = text;
    this.maxDepth = maxDepth;
  }

  value(from: number, depth: number): number {
    const code = this.text.charCodeAt(from);
    if (code === QUOTE) return skipString(this.text, from);
    if (code === OPEN_BRACE) return this.object(from, depth + 1, '').end;
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

  object(
    from: number,
    depth: number,
    path: 'root' | 'params' | '' | 'meta',
  ): { end: number; members: Members } {
    const { text } = this;
    const members = emptyMembers();
    if (depth > this.maxDepth) this.fault = 'too-deep';
    let at = skipSpace(text, from + 1);
    if (text.charCodeAt(at) === CLOSE_BRACE) return { end: at + 1, members };
    let seen: Set<string> | undefined;
    while (this.fault === undefined) {
      const keyEnd = skipString(text, at);
      const key = keyOf(text, at, keyEnd);
      if (seen === undefined ? members.keys.includes(key) : seen.has(key)) this.fault = 'duplicate-key';
      members.keys.push(key);
      members.keyStarts.push(at);
      if (seen !== undefined) seen.add(key);
      else if (members.keys.length > LINEAR_LOOKUP_MAX) seen = new Set(members.keys);
      const start = skipSpace(text, skipSpace(text, keyEnd) + 1);
      const end = this.member(key, start, depth, path);
      members.starts.push(start);
      members.ends.push(end);
      at = skipSpace(text, end);
      if (text.charCodeAt(at) === CLOSE_BRACE) return { end: at + 1, members };
      at = skipSpace(text, at + 1);
    }
    return { end: at, members };
  }

  private member(key: string, start: number, depth: number, path: string): number {
    if (this.text.charCodeAt(start) === OPEN_BRACE) {
      if (path === 'root' && key === 'params') {
        const { end, members } = this.object(start, depth + 1, 'params');
        this.params = members;
        return end;
      }
      if (path === 'params' && key === '_meta') {
        const { end, members } = this.object(start, depth + 1, 'meta');
        this.meta = members;
        return end;
      }
    }
    return this.value(start, depth);
  }
}

/** Walks a JSON object message. Refuses a key that an object has twice, at any depth, and nesting over `maxDepth`. */
export const walkMessage = (text: string, maxDepth: number): MessageMembers | MessageFault => {
  const walk = new Walk(text, maxDepth);
  const { members } = walk.object(skipSpace(text, 0), 1, 'root');
  return walk.fault ?? { root: members, params: walk.params, meta: walk.meta };
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
  const members = emptyMembers();
  let at = skipSpace(text, from);
  if (text.charCodeAt(at) !== OPEN_BRACE) return members;
  at = skipSpace(text, at + 1);
  while (text.charCodeAt(at) === QUOTE) {
    const keyEnd = skipString(text, at);
    const start = skipSpace(text, skipSpace(text, keyEnd) + 1);
    const end = skipValue(text, start);
    members.keys.push(keyOf(text, at, keyEnd));
    members.keyStarts.push(at);
    members.starts.push(start);
    members.ends.push(end);
    at = skipSpace(text, end);
    if (text.charCodeAt(at) !== COMMA) break;
    at = skipSpace(text, at + 1);
  }
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

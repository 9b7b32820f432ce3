/** JSON as tokens carry it: an object, frozen, that two parsers cannot read in two ways. */
import { parseExactly } from '../../schema/escaped-keys.ts';

const MAX_DEPTH = 32;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const endOfString = (text: string, start: number): number => {
  let end = start + 1;
  while (text[end] !== '"') end += text[end] === '\\' ? 2 : 1;
  return end;
};

/** Whether well-formed JSON has a member twice in one object, a `__proto__`, or nests too deep. */
const isAmbiguous = (text: string): boolean => {
  const members: (Set<string> | undefined)[] = [];
  let nameNext = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '{' || character === '[') {
      if (members.length === MAX_DEPTH) return true;
      nameNext = character === '{';
      members.push(nameNext ? new Set() : undefined);
    } else if (character === '}' || character === ']') {
      members.pop();
      nameNext = false;
    } else if (character === ',') {
      nameNext = members.at(-1) !== undefined;
    } else if (character === '"') {
      const end = endOfString(text, at);
      if (nameNext) {
        const name = JSON.parse(text.slice(at, end + 1)) as string;
        const names = members.at(-1);
        if (name === '__proto__' || names?.has(name)) return true;
        names?.add(name);
        nameNext = false;
      }
      at = end;
    }
  }
  return false;
};

const deepFreeze = (value: unknown): void => {
  if (typeof value !== 'object' || value === null) return;
  for (const member of Object.values(value)) deepFreeze(member);
  Object.freeze(value);
};

/**
 * The object that `bytes` hold as UTF-8 JSON, frozen through and through; undefined if they hold anything else.
 * Refuses what parsers disagree on: duplicate members (RFC 8259, section 4; RFC 7519, section 4), `__proto__`,
 * ill-formed UTF-8, a byte order mark, more than 32 levels.
 */
export const parseStrictObject = (bytes: Uint8Array): Readonly<Record<string, unknown>> | undefined => {
  try {
    const text = utf8.decode(bytes);
    const value = parseExactly(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    if (isAmbiguous(text)) return undefined;
    deepFreeze(value);
    return value as Record<string, unknown>;
  } catch {
    return undefined;
  }
};

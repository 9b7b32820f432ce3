/** Where something stands in a JSON text. Sought when there is something to tell, so that reading costs nothing more. */
import type { Place, SourceFile } from './source-file.ts';
import type { Path } from './tree.ts';

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/y;
const BLANK = /\s*/y;

interface Token {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const tokenAt = (text: string, at: number): Token | undefined => {
  BLANK.lastIndex = at;
  const start = at + BLANK.exec(text)![0].length;
  TOKEN.lastIndex = start;
  const found = TOKEN.exec(text)?.[0];
  return found === undefined ? undefined : { text: found, start, end: start + found.length };
};

/** Behind the value that starts with `first`. */
const endOf = (text: string, first: Token): number => {
  let depth = 0;
  for (let token: Token | undefined = first; token; token = tokenAt(text, token.end)) {
    if ('{['.includes(token.text)) depth += 1;
    else if ('}]'.includes(token.text)) depth -= 1;
    if (depth === 0) return token.end;
  }
  return text.length;
};

/** A value and what leads to it. */
interface Member {
  readonly key: Token | undefined;
  readonly step: string;
  readonly value: Token;
}

function* membersOf(text: string, opening: Token): Generator<Member> {
  let index = 0;
  for (let at = opening.end; ; index += 1) {
    const first = tokenAt(text, at);
    if (first === undefined || '}]'.includes(first.text)) return;
    const key = opening.text === '{' ? first : undefined;
    const value = key === undefined ? first : tokenAt(text, tokenAt(text, key.end)?.end ?? text.length);
    if (value === undefined) return;
    yield { key, step: key === undefined ? String(index) : (JSON.parse(key.text) as string), value };
    const after = tokenAt(text, endOf(text, value));
    if (after?.text !== ',') return;
    at = after.end;
  }
}

/** The value at `path` of a JSON text, or its key if it is an object or a list; of what is not there, the nearest above. */
export const jsonPlaceAt = (file: SourceFile, path: Path): Place => {
  let found = tokenAt(file.text, 0) ?? { text: '', start: 0, end: 0 };
  let place = found;
  for (const step of path) {
    if (found.text !== '{' && found.text !== '[') break;
    const member = membersOf(file.text, found).find((each) => each.step === String(step));
    if (member === undefined) break;
    found = member.value;
    place = '{['.includes(found.text) ? (member.key ?? found) : found;
  }
  return { file, start: place.start, end: place.end };
};

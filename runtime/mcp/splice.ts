/** Changes of a JSON text by place: what is not named stays as it came. */
import { type Members, membersAt } from '../json-members.ts';

/** Replaces the text from `start` to `end`. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Applies edits that do not overlap, in any order. */
export const applyEdits = (text: string, edits: readonly Edit[]): string => {
  if (edits.length === 0) return text;
  const ordered = edits.length === 1 ? edits : [...edits].sort((a, b) => a.start - b.start);
  let out = '';
  let at = 0;
  for (const edit of ordered) {
    out += text.slice(at, edit.start) + edit.text;
    at = edit.end;
  }
  return out + text.slice(at);
};

/** Replaces the value of `key`; undefined if there is none. */
export const replaceMember = (members: Members, key: string, text: string): Edit | undefined => {
  const index = members.keys.indexOf(key);
  if (index < 0) return undefined;
  return { start: members.starts[index]!, end: members.ends[index]!, text };
};

/** Takes out the member at `index`, with the comma that it leaves behind. */
export const dropMember = ({ keys, keyStarts, ends }: Members, index: number): Edit => {
  if (index > 0) return { start: ends[index - 1]!, end: ends[index]!, text: '' };
  return { start: keyStarts[0]!, end: keys.length > 1 ? keyStarts[1]! : ends[0]!, text: '' };
};

/** Edits that take out all members whose key is in `keys`, each with its comma. */
export const dropMembers = (members: Members, keys: ReadonlySet<string>): Edit[] => {
  const edits: Edit[] = [];
  let kept = false;
  for (let index = 0; index < members.keys.length; index += 1) {
    if (!keys.has(members.keys[index]!)) kept = true;
    else if (kept) edits.push(dropMember(members, index));
    else {
      const start = members.keyStarts[index]!;
      edits.push({ start, end: members.keyStarts[index + 1] ?? members.ends[index]!, text: '' });
    }
  }
  return edits;
};

/** The object text with `keys` left out and `additions` (key to JSON text) put first. */
export const rewriteObject = (
  text: string,
  keys: ReadonlySet<string>,
  additions: readonly (readonly [key: string, json: string])[],
): string => {
  const members = membersAt(text, 0);
  const parts: string[] = additions.map(([key, json]) => `${JSON.stringify(key)}:${json}`);
  for (let index = 0; index < members.keys.length; index += 1) {
    if (keys.has(members.keys[index]!)) continue;
    parts.push(text.slice(members.keyStarts[index], members.ends[index]));
  }
  return `{${parts.join(',')}}`;
};

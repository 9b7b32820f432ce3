/** Strings deep in a JSON text, replaced where they stand. */
import { elementsAt, type Members, membersAt } from '../json-members.ts';
import { applyEdits, dropMember, type Edit } from './splice.ts';

export type JsonPath = readonly (string | number)[];

/** Finds places in a text, without looking for siblings from its beginning again. */
class Places {
  readonly #text: string;
  readonly #members = new Map<number, Members>();
  readonly #elements = new Map<number, [number, number][]>();

  constructor(text: string) {
    this.#text = text;
  }

  find(path: JsonPath): { readonly start: number; readonly end: number } | undefined {
    let [start, end] = [0, this.#text.length];
    for (const key of path) {
      const found = typeof key === 'number' ? this.#element(start, key) : this.#member(start, key);
      if (found === undefined) return undefined;
      [start, end] = found;
    }
    return { start, end };
  }

  /** The edit that takes out the member at `path`. */
  dropped(path: JsonPath): Edit | undefined {
    const parent = this.find(path.slice(0, -1));
    const members = parent === undefined ? undefined : membersAt(this.#text, parent.start);
    const index = members?.keys.lastIndexOf(String(path.at(-1))) ?? -1;
    return index < 0 ? undefined : dropMember(members!, index);
  }

  #member(at: number, key: string): [number, number] | undefined {
    const members = this.#members.get(at) ?? membersAt(this.#text, at);
    this.#members.set(at, members);
    // The last one, as JSON.parse has it.
    const index = members.keys.lastIndexOf(key);
    return index < 0 ? undefined : [members.starts[index]!, members.ends[index]!];
  }

  #element(at: number, index: number): [number, number] | undefined {
    const elements = this.#elements.get(at) ?? elementsAt(this.#text, at);
    this.#elements.set(at, elements);
    return elements[index];
  }
}

const valueAt = (root: unknown, path: JsonPath): unknown =>
  path.reduce<unknown>((value, key) => (value as Record<string | number, unknown>)[key], root);

/**
 * `text`, whose parsed value is `root`, with the strings at `paths` changed; the same text where none changes. The
 * paths must lead to strings.
 */
export const changeStrings = (
  text: string,
  root: unknown,
  paths: readonly JsonPath[],
  change: (value: string) => string,
): string => {
  const places = new Places(text);
  const edits: Edit[] = [];
  for (const path of paths) {
    const value = valueAt(root, path) as string;
    const changed = change(value);
    const place = changed === value ? undefined : places.find(path);
    if (place !== undefined) edits.push({ ...place, text: JSON.stringify(changed) });
  }
  return applyEdits(text, edits);
};

/** `text` without the members at `paths`, no two of them in one object; those that are not there are passed over. */
export const dropMembers = (text: string, paths: readonly JsonPath[]): string => {
  const places = new Places(text);
  return applyEdits(
    text,
    paths.flatMap((path) => places.dropped(path) ?? []),
  );
};

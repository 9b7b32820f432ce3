/**
 * Output schemas for clients of 2025-06-18 and 2025-11-25, which know structured content as an object only: any other
 * schema becomes that of an object whose one member `result` has it (MCP 2025-11-25, Tool.outputSchema).
 */

import { elementsAt, type Members, membersAt, memberText } from '../../../json-members.ts';
import { isObject } from '../../../upstream/message.ts';
import { applyEdits, dropMember, type Edit } from '../../splice.ts';

/** Whether an older client could not read a tool with this schema, nor its results. */
export const isWrapped = (schema: unknown): boolean =>
  schema !== undefined && !(isObject(schema) && schema.type === 'object');

/** Members that hold data, in which `$ref` is no reference. */
const DATA: ReadonlySet<string> = new Set(['const', 'enum', 'default', 'examples']);
/** Members that map names of the author's choice to schemas. */
const MAPS: ReadonlySet<string> = new Set([
  'properties',
  'patternProperties',
  '$defs',
  'definitions',
  'dependentSchemas',
  'dependencies',
]);
const REFERENCES: ReadonlySet<string> = new Set(['$ref', '$dynamicRef']);
const MOVED_TO = '#/properties/result';
const DRAFT_2019 = /^"https?:\/\/json-schema\.org\/draft\/2019-09\/schema#?"$/;

const OPEN_BRACE = 123;
const OPEN_BRACKET = 91;

/** A `$id` that is no mere fragment begins a document of its own: what lies in it refers to that. */
const beginsDocument = (text: string, members: Members): boolean => {
  const id = memberText(text, members, '$id');
  return id !== undefined && !id.startsWith('"#');
};

const movedReference = (json: string): string | undefined => {
  if (!json.startsWith('"')) return undefined;
  const reference = JSON.parse(json) as string;
  if (reference !== '#' && !reference.startsWith('#/')) return undefined;
  return JSON.stringify(MOVED_TO + reference.slice(1));
};

/** Collects the edits that make references into a schema follow it to its new place. */
class Move {
  readonly edits: Edit[] = [];
  readonly #text: string;
  readonly #recursive: boolean;

  /** @param recursive whether `$recursiveRef` is the same as `$ref` here (JSON Schema 2019-09, core, 8.2.4.2.1) */
  constructor(text: string, recursive: boolean) {
    this.#text = text;
    this.#recursive = recursive;
  }

  value(start: number, isMap: boolean): void {
    const code = this.#text.charCodeAt(start);
    if (code === OPEN_BRACKET) for (const [from] of elementsAt(this.#text, start)) this.value(from, false);
    if (code !== OPEN_BRACE) return;
    const members = membersAt(this.#text, start);
    if (!isMap && beginsDocument(this.#text, members)) return;
    for (let at = 0; at < members.keys.length; at += 1) this.#member(members, at, isMap);
  }

  #member(members: Members, at: number, isMap: boolean): void {
    const key = members.keys[at]!;
    const start = members.starts[at]!;
    if (isMap) this.value(start, false);
    else if (REFERENCES.has(key)) this.#reference(members, at);
    else if (key === '$recursiveRef' && this.#recursive) this.#recursion(members, at);
    else if (!DATA.has(key)) this.value(start, MAPS.has(key));
  }

  #reference(members: Members, at: number): void {
    const [start, end] = [members.starts[at]!, members.ends[at]!];
    const moved = movedReference(this.#text.slice(start, end));
    if (moved !== undefined) this.edits.push({ start, end, text: moved });
  }

  /** Two references cannot stand beside each other by one name: the second goes among `allOf`, or is let go. */
  #recursion(members: Members, at: number): void {
    const [start, end] = [members.keyStarts[at]!, members.ends[at]!];
    const reference = `"$ref":"${MOVED_TO}"`;
    if (!members.keys.includes('$ref')) this.edits.push({ start, end, text: reference });
    else if (members.keys.includes('allOf')) this.edits.push(dropMember(members, at));
    else this.edits.push({ start, end, text: `"allOf":[{${reference}}]` });
  }
}

/** The same as an object: revisions up to 2025-11-25 have no `true` and `false` for schemas of members. */
const asObject = (text: string): string | undefined =>
  text === 'true' ? '{}' : text === 'false' ? '{"not":{}}' : undefined;

/** The schema of an object with schemas of members that are objects themselves. */
export const plainProperties = (text: string): string => {
  const root = membersAt(text, 0);
  const start = root.starts[root.keys.indexOf('properties')];
  if (start === undefined) return text;
  const { starts, ends } = membersAt(text, start);
  const edits = starts.flatMap((from, at): Edit[] => {
    const plain = asObject(text.slice(from, ends[at]!));
    return plain === undefined ? [] : [{ start: from, end: ends[at]!, text: plain }];
  });
  return applyEdits(text, edits);
};

/** The schema `text` as that of the member `result` of an object. */
export const wrapSchema = (text: string): string => {
  const members = membersAt(text, 0);
  const dialect = memberText(text, members, '$schema');
  const recursive =
    dialect !== undefined &&
    DRAFT_2019.test(dialect) &&
    memberText(text, members, '$recursiveAnchor') !== 'true';
  const move = new Move(text, recursive);
  move.value(0, false);
  const moved = asObject(text) ?? applyEdits(text, move.edits);
  const head = dialect === undefined ? '' : `"$schema":${dialect},`;
  return `{${head}"type":"object","properties":{"result":${moved}},"required":["result"]}`;
};

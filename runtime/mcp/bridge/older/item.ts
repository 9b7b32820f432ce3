/** Items of lists for clients of a revision older than what the upstream speaks. */

import { elementsAt, membersAt, memberText } from '../../../json-members.ts';
import { isObject } from '../../../upstream/message.ts';
import type { ListKind } from '../../method.ts';
import { SINCE } from '../../revision.ts';
import { applyEdits, dropMembers, rewriteObject } from '../../splice.ts';
import { isWrapped, plainProperties, wrapSchema } from './output-schema.ts';

/** What a revision does not know of an item. */
const unknownMembers = (revision: string, kind: ListKind): ReadonlySet<string> => {
  const unknown = new Set<string>();
  if (revision < SINCE.icons) unknown.add('icons');
  if (revision < SINCE.titles) unknown.add('title');
  if (kind !== 'tools') return unknown;
  if (revision < SINCE.toolExecution) unknown.add('execution');
  if (revision < SINCE.structuredContent) unknown.add('outputSchema');
  if (revision < SINCE.toolAnnotations) unknown.add('annotations');
  return unknown;
};

/** Adapts one item; the same text where nothing is to be changed. */
export type AdaptItem = (text: string, value: Readonly<Record<string, unknown>>) => string;

const TITLE: ReadonlySet<string> = new Set(['title']);
const ANNOTATIONS: ReadonlySet<string> = new Set(['annotations']);

/** 2025-03-26 has a place for the title of a tool among its annotations. */
const titleAsAnnotation = (
  text: string,
  { title, annotations }: Readonly<Record<string, unknown>>,
): string => {
  if (typeof title !== 'string' || (isObject(annotations) && annotations.title !== undefined)) return text;
  const members = membersAt(text, 0);
  const titled = rewriteObject(memberText(text, members, 'annotations') ?? '{}', TITLE, [
    ['title', memberText(text, members, 'title')!],
  ]);
  return rewriteObject(text, ANNOTATIONS, [['annotations', titled]]);
};

const untitledArguments = (text: string, value: Readonly<Record<string, unknown>>): string => {
  if (!Array.isArray(value.arguments) || !value.arguments.some((each) => isObject(each) && 'title' in each))
    return text;
  const root = membersAt(text, 0);
  const start = root.starts[root.keys.indexOf('arguments')]!;
  const edits = elementsAt(text, start).flatMap(([from]) => dropMembers(membersAt(text, from), TITLE));
  return applyEdits(text, edits);
};

/** Drops what `revision` does not know. */
const prepareItem = (revision: string, kind: ListKind): AdaptItem => {
  const unknown = unknownMembers(revision, kind);
  const keepsTitle = kind === 'tools' && unknown.has('title') && !unknown.has('annotations');
  return (text, value) => {
    let adapted = keepsTitle ? titleAsAnnotation(text, value) : text;
    if (kind === 'prompts' && unknown.has('title')) adapted = untitledArguments(adapted, value);
    for (const key of unknown)
      if (key in value) return applyEdits(adapted, dropMembers(membersAt(adapted, 0), unknown));
    return adapted;
  };
};

const KINDS: readonly ListKind[] = ['tools', 'prompts', 'resources', 'resourceTemplates'];

/** What to do with items of each kind for a client of `revision`. */
export const prepareItems = (revision: string): Readonly<Record<ListKind, AdaptItem>> =>
  Object.fromEntries(KINDS.map((kind) => [kind, prepareItem(revision, kind)])) as Record<ListKind, AdaptItem>;

/** A tool of 2026-07-28 with the schemas that 2025-11-25 allows: objects of which members have schemas that are objects. */
export const plainSchemas = (text: string, value: Readonly<Record<string, unknown>>): string => {
  const members = membersAt(text, 0);
  const edits = ['inputSchema', 'outputSchema'].flatMap((key) => {
    const at = members.keys.indexOf(key);
    if (at < 0) return [];
    const [start, end] = [members.starts[at]!, members.ends[at]!];
    const before = text.slice(start, end);
    const wraps = key === 'outputSchema' && isWrapped(value[key]);
    const after = wraps ? wrapSchema(before) : plainProperties(before);
    return after === before ? [] : [{ start, end, text: after }];
  });
  return applyEdits(text, edits);
};

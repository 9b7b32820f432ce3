/** What differs between two parts of a configuration, field by field. */
import type { Path } from '../source/tree.ts';
import { diffLists, type MovedItem } from './list-change.ts';
import { flowText, isSame, type Written, type WrittenList, type WrittenMap } from './written.ts';

interface AnyFieldChange {
  /** From the entry down: `timeouts.call`, `expose[github].prefix`. */
  readonly field: string;
  /** Keys and indices in the older and the newer file, from the entry down; it may lead to something that is not written. */
  readonly at: { readonly before: Path; readonly after: Path };
}

/** A field with one value; absent where it does not stand. */
export interface ValueChange extends AnyFieldChange {
  readonly kind: 'value';
  readonly before?: string;
  readonly after?: string;
}

/** A list. */
export interface ListChange extends AnyFieldChange {
  readonly kind: 'list';
  readonly ordered: boolean;
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** Only where order means something. */
  readonly moved: readonly MovedItem[];
  /** The whole list; absent where it does not stand. */
  readonly before?: readonly string[];
  readonly after?: readonly string[];
}

export type FieldChange = ValueChange | ListChange;

interface Place {
  readonly field: string;
  readonly before: Path;
  readonly after: Path;
}

const PLAIN_KEY = /^[A-Za-z_][A-Za-z0-9_-]*$/;

const entryOf = ({ field, before, after }: Place, key: string): Place => {
  const step = PLAIN_KEY.test(key) ? (field === '' ? key : `.${key}`) : `[${key}]`;
  return { field: field + step, before: [...before, key], after: [...after, key] };
};

/** An item of a list that is no list of values; where the order is not the file's, the list stands for it. */
const itemOf = (place: Place, key: string, [before, after]: readonly [number?, number?]): Place => ({
  field: `${place.field}[${key}]`,
  before: before === undefined ? place.before : [...place.before, before],
  after: after === undefined ? place.after : [...place.after, after],
});

const atOf = ({ before, after }: Place) => ({ before, after });

const isPlainList = ({ items }: WrittenList): boolean => items.every(({ item }) => item.kind === 'value');

const textOf = (value: Written): string => (value.kind === 'value' ? value.text : flowText(value));

const textsOf = (list: WrittenList | undefined): readonly string[] | undefined =>
  list?.items.map(({ item, key }) => (item.kind === 'value' ? item.text : key));

const EMPTY: WrittenList = { kind: 'list', ordered: false, items: [] };

const listChange = (
  place: Place,
  before: WrittenList | undefined,
  after: WrittenList | undefined,
): readonly FieldChange[] => {
  const { added, removed, moved, kept } = diffLists(before ?? EMPTY, after ?? EMPTY);
  const { ordered } = (after ?? before)!;
  const plain = isPlainList(before ?? EMPTY) && isPlainList(after ?? EMPTY);
  const changed = kept.flatMap((item) => {
    const { key } = item.after;
    if (isSame(item.before.item, item.after.item)) return [];
    const where = itemOf(place, key, ordered ? [item.before.index, item.after.index] : []);
    return diffFields(where, item.before.item, item.after.item);
  });
  if (added.length + removed.length + moved.length === 0 && (before === undefined) === (after === undefined))
    return changed;
  const name = ({ key, item }: { readonly key: string; readonly item: Written }) =>
    plain ? textOf(item) : key;
  const own: ListChange = {
    kind: 'list',
    field: place.field,
    at: atOf(place),
    ordered,
    added: added.map(name),
    removed: removed.map(name),
    moved,
    ...(before && { before: textsOf(before)! }),
    ...(after && { after: textsOf(after)! }),
  };
  return [own, ...changed];
};

const mapChange = (
  place: Place,
  before: WrittenMap | undefined,
  after: WrittenMap | undefined,
): readonly FieldChange[] => {
  const keys = new Set([...Object.keys(after?.entries ?? {}), ...Object.keys(before?.entries ?? {})]);
  return [...keys].flatMap((key) =>
    diffFields(entryOf(place, key), before?.entries[key], after?.entries[key]),
  );
};

const isEach = (kind: Written['kind'], ...values: readonly (Written | undefined)[]): boolean =>
  values.every((value) => value === undefined || value.kind === kind);

function diffFields(
  place: Place,
  before: Written | undefined,
  after: Written | undefined,
): readonly FieldChange[] {
  if (before !== undefined && after !== undefined && isSame(before, after)) return [];
  if (isEach('map', before, after)) return mapChange(place, before as WrittenMap, after as WrittenMap);
  if (isEach('list', before, after)) return listChange(place, before as WrittenList, after as WrittenList);
  const change: ValueChange = {
    kind: 'value',
    field: place.field,
    at: atOf(place),
    ...(before && { before: textOf(before) }),
    ...(after && { after: textOf(after) }),
  };
  return [change];
}

/** The fields that differ, in the order of the newer entry. Of an entry that is new or gone, all that it says. */
export const diffEntries = (
  before: WrittenMap | undefined,
  after: WrittenMap | undefined,
): readonly FieldChange[] => diffFields({ field: '', before: [], after: [] }, before, after);

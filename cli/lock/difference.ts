/** What sets two parts of a lock apart, field by field. */
import { canonicalJson } from '../../schema/canonical-json.ts';
import {
  LOCKED_KINDS,
  type LockedItem,
  type LockedKind,
  type LockedUpstream,
} from '../../schema/lock/lock.ts';

/** One value that is not what it was; `from` or `to` is absent where there is none. */
export interface FieldChange {
  /** Keys and indices; empty for the whole. */
  readonly path: readonly (string | number)[];
  readonly from?: unknown;
  readonly to?: unknown;
}

export interface ItemChange {
  readonly kind: LockedKind | 'instructions';
  /** Empty for instructions. */
  readonly name: string;
  readonly change: 'added' | 'removed' | 'changed';
  readonly fields: readonly FieldChange[];
}

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const ownValue = (fields: Fields, key: string): unknown =>
  Object.hasOwn(fields, key) ? fields[key] : undefined;

/** The deepest values that differ; lists of the same length are compared item by item. */
const fieldChanges = (from: unknown, to: unknown, path: FieldChange['path']): readonly FieldChange[] => {
  if (from === undefined || to === undefined)
    return [{ path, ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) }];
  if (canonicalJson(from) === canonicalJson(to)) return [];
  if (isFields(from) && isFields(to)) {
    const keys = [...new Set([...Object.keys(from), ...Object.keys(to)])].sort();
    return keys.flatMap((key) => fieldChanges(ownValue(from, key), ownValue(to, key), [...path, key]));
  }
  if (Array.isArray(from) && Array.isArray(to) && from.length === to.length)
    return from.flatMap((item, index) => fieldChanges(item, to[index], [...path, index]));
  return [{ path, from, to }];
};

const byName = (items: readonly LockedItem[]): ReadonlyMap<string, LockedItem> =>
  new Map(items.map((item) => [item.name, item]));

const itemChange = (
  kind: LockedKind,
  name: string,
  from: LockedItem | undefined,
  to: LockedItem | undefined,
): ItemChange | undefined => {
  if (from?.sha256 === to?.sha256) return undefined;
  const change = from === undefined ? 'added' : to === undefined ? 'removed' : 'changed';
  return { kind, name, change, fields: fieldChanges(from?.definition, to?.definition, []) };
};

const instructionsChange = (from: LockedUpstream, to: LockedUpstream): readonly ItemChange[] => {
  const [before, after] = [from.instructions, to.instructions];
  if (before?.sha256 === after?.sha256) return [];
  const change = before === undefined ? 'added' : after === undefined ? 'removed' : 'changed';
  return [{ kind: 'instructions', name: '', change, fields: fieldChanges(before?.text, after?.text, []) }];
};

/** What changes from one to the other: instructions, then by kind and name. */
export const changesOf = (from: LockedUpstream, to: LockedUpstream): readonly ItemChange[] => {
  const items = LOCKED_KINDS.flatMap((kind) => {
    const [before, after] = [byName(from[kind]), byName(to[kind])];
    const names = [...new Set([...before.keys(), ...after.keys()])].sort();
    return names.flatMap((name) => itemChange(kind, name, before.get(name), after.get(name)) ?? []);
  });
  return [...instructionsChange(from, to), ...items];
};

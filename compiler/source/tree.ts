/** YAML as the compiler sees it: maps, lists and scalars with their places, aliases already followed. */
import type { Place } from './source-file.ts';

export interface SourceScalar {
  readonly kind: 'scalar';
  readonly place: Place;
  readonly value: string | number | boolean | null;
  /** As written, quotes included. */
  readonly written: string;
  readonly style: 'plain' | 'single' | 'double' | 'block';
  /** Stands for a value that could not be read; that was reported. */
  readonly isHole?: true;
}

export interface SourceEntry {
  readonly key: string;
  readonly keyPlace: Place;
  readonly value: SourceValue;
}

export interface SourceMap {
  readonly kind: 'map';
  readonly place: Place;
  readonly entries: ReadonlyMap<string, SourceEntry>;
  /** Keys were left out because they could not be read; that was reported. */
  readonly isIncomplete: boolean;
}

export interface SourceList {
  readonly kind: 'list';
  readonly place: Place;
  readonly items: readonly SourceValue[];
}

export type SourceValue = SourceScalar | SourceMap | SourceList;

/** Keys and indices from the root to a value. */
export type Path = readonly (string | number)[];

const child = (value: SourceValue, step: string | number): SourceValue | undefined => {
  if (value.kind === 'map') return value.entries.get(String(step))?.value;
  return value.kind === 'list' ? value.items[Number(step)] : undefined;
};

/** The value at `path`, if there is one. */
export const valueAt = (root: SourceValue, path: Path): SourceValue | undefined => {
  let value: SourceValue | undefined = root;
  for (const step of path) value = value && child(value, step);
  return value;
};

/** The key token that leads to `path`, if its last step is a key. */
export const keyPlaceAt = (root: SourceValue, path: Path): Place | undefined => {
  const parent = valueAt(root, path.slice(0, -1));
  return parent?.kind === 'map' ? parent.entries.get(String(path.at(-1)))?.keyPlace : undefined;
};

/**
 * Where to point for something that `path` lacks or is as a whole: its key, or for an item of a list its first
 * key, or the nearest of its ancestors that has one.
 */
export const anchorPlaceAt = (root: SourceValue, path: Path): Place => {
  for (let length = path.length; length > 0; length--) {
    const key = keyPlaceAt(root, path.slice(0, length));
    if (key) return key;
    const item = valueAt(root, path.slice(0, length));
    const first = item?.kind === 'map' ? item.entries.values().next().value : undefined;
    if (first) return first.keyPlace;
    if (item?.kind === 'scalar') return item.place;
  }
  const first = root.kind === 'map' ? root.entries.values().next().value : undefined;
  return first ? first.keyPlace : root.place;
};

/** The value as plain data, for validation. Every key is an own property, `__proto__` too. */
export const plainData = (value: SourceValue): unknown => {
  if (value.kind === 'scalar') return value.value;
  if (value.kind === 'list') return value.items.map(plainData);
  return Object.fromEntries(
    Array.from(value.entries.values(), (entry) => [entry.key, plainData(entry.value)]),
  );
};

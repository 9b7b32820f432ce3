/** The parsed configuration: typed data for what is sound, the tree for where things are written. */
import type { Gateway } from '../schema/config/gateway.ts';
import type { NamedSection } from '../schema/config/value.ts';
import type { Schema } from './parse/schema.ts';
import type { Place } from './source/source-file.ts';
import {
  anchorPlaceAt,
  keyPlaceAt,
  type Path,
  type SourceMap,
  type SourceScalar,
  valueAt,
} from './source/tree.ts';

/** A sound scalar, or a reference, and what the schema says about it. */
export interface ScalarUse {
  readonly path: Path;
  readonly scalar: SourceScalar;
  readonly schema: Schema;
}

type Filled<T> = T extends readonly (infer U)[]
  ? Filled<U>[]
  : T extends object
    ? { [K in keyof T]: Filled<T[K]> }
    : T;

/** gateway.yaml with the defaults of the top level filled in. */
export type GatewayData = Filled<Gateway> & {
  [K in
    | 'identity'
    | 'policies'
    | 'limits'
    | 'tenants'
    | 'telemetry'
    | 'lints'
    | 'sealing'
    | 'sessions'
    | 'pressure'
    | 'reload'
    | 'shutdown'
    | 'name'
    | 'profile'
    | 'workers']: NonNullable<Gateway[K]>;
};

export interface Configuration {
  /** Defaults filled in, parts with findings left out; a scalar that is a reference is a `Reference` object. */
  readonly data: GatewayData;
  readonly tree: SourceMap;
  readonly scalars: readonly ScalarUse[];
  /** Names as written in each section, those of entries with findings too, with the place of the name. */
  readonly names: Readonly<Record<NamedSection, ReadonlyMap<string, Place>>>;
  /** Paths at which something has the wrong shape. */
  readonly faults: readonly Path[];
}

/** The value at `path` if it is written, else the key or entry that would hold it. */
export const placeAt = ({ tree }: Configuration, ...path: Path): Place => {
  const value = valueAt(tree, path);
  return value?.kind === 'scalar' && value.place.end > value.place.start
    ? value.place
    : anchorPlaceAt(tree, path);
};

/** The key at `path`, or the nearest one above it. */
export const keyAt = ({ tree }: Configuration, ...path: Path): Place =>
  keyPlaceAt(tree, path) ?? anchorPlaceAt(tree, path);

/** Whether the file itself says something at `path`. */
export const isWritten = ({ tree }: Configuration, ...path: Path): boolean =>
  valueAt(tree, path) !== undefined;

/** Whether nothing at or below `path` has the wrong shape. */
export const isSound = ({ faults }: Configuration, ...path: Path): boolean =>
  !faults.some((fault) => path.every((step, index) => String(fault[index]) === String(step)));

/** The keys of the map at `path`, as written. */
export const keysAt = ({ tree }: Configuration, ...path: Path): readonly string[] => {
  const value = valueAt(tree, path);
  return value?.kind === 'map' ? [...value.entries.keys()] : [];
};

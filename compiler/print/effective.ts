/** The configuration as it holds after includes, overlays and defaults, with the origin of every value. */
import { posix } from 'node:path';
import { isReference } from '../../schema/graph/graph.ts';
import type { OverlayTrace } from '../compose/laying.ts';
import type { Configuration, ScalarUse } from '../configuration.ts';
import { dereference, GATEWAY_SCHEMA, propertySchema, type Schema } from '../parse/schema.ts';
import { lineIndexAt, type Place } from '../source/source-file.ts';
import { type Path, type SourceValue, valueAt } from '../source/tree.ts';
import { isIdleDefault } from './idle-default.ts';
import { escapeDollar, maskedText } from './masked-text.ts';

/** `file:line`, or `default`. */
export type Origin = string;

interface Common {
  readonly origin: Origin;
  /** What an overlay did here, in words. */
  readonly note?: string;
}

export type EffectiveValue =
  | (Common & { readonly kind: 'scalar'; readonly value: string | number | boolean | null })
  | (Common & { readonly kind: 'list'; readonly items: readonly EffectiveValue[] })
  | (Common & { readonly kind: 'map'; readonly entries: ReadonlyMap<string, EffectiveValue> });

export interface Effective {
  readonly root: EffectiveValue;
  /** What overlays took away, in words. */
  readonly removed: readonly string[];
}

interface Walk {
  readonly config: Configuration;
  readonly trace: OverlayTrace;
  readonly uses: ReadonlyMap<string, ScalarUse>;
}

const lineOf = ({ file, start }: Place): string => `${file.path}:${lineIndexAt(file, start) + 1}`;

/** The file's sections that are no part of what it says once it is read. */
const CONSUMED = new Set(['include']);

const branchOf = (schema: Schema, value: unknown): Schema => {
  const own = dereference(schema);
  const type = Array.isArray(value) ? 'array' : typeof value;
  if (own.anyOf)
    return own.anyOf.map(dereference).find((branch) => [branch.type].flat().includes(type)) ?? own;
  if (!own.oneOf) return own;
  const word = (value as { readonly type?: unknown }).type;
  return own.oneOf.map(dereference).find((branch) => branch.properties?.type?.const === word) ?? own;
};

/** Keys in the order of the schema, names in the order of the file. */
const keysOf = (schema: Schema, value: object): readonly string[] => {
  const known = Object.keys(schema.properties ?? {}).filter((key) => Object.hasOwn(value, key));
  return [...known, ...Object.keys(value).filter((key) => !known.includes(key))];
};

const commonOf = ({ trace }: Walk, node: SourceValue | undefined): Common => {
  if (node === undefined) return { origin: 'default' };
  const replaced = trace.replaced.get(node);
  const merged = trace.merged.get(node);
  const note = replaced
    ? `replaces ${lineOf(replaced)}`
    : merged && `merged with ${lineOf(merged.place)} by ${merged.by}`;
  return { origin: lineOf(node.place), ...(note === undefined ? {} : { note }) };
};

/** A file that is compiled with the configuration, as it is called from the main file's folder. */
const movedPath = ({ config }: Walk, text: string, node: SourceValue): string => {
  const folder = posix.dirname(config.tree.place.file.path);
  const own = posix.dirname(node.place.file.path);
  if (own === folder || posix.isAbsolute(text)) return text;
  if (posix.isAbsolute(own) && !posix.isAbsolute(folder)) return posix.join(own, text);
  return posix.join(posix.relative(folder, own), text);
};

const scalarOf = (
  walk: Walk,
  value: unknown,
  schema: Schema,
  node: SourceValue | undefined,
  path: Path,
): string | number | boolean | null => {
  const use = walk.uses.get(path.join('/'));
  if (isReference(value)) return maskedText(value.$reference, use);
  if (typeof value !== 'string') return value as number | boolean | null;
  const text = schema['x-format'] === 'input-file' && node ? movedPath(walk, value, node) : value;
  return maskedText(escapeDollar(text), use);
};

const effectiveAt = (walk: Walk, value: unknown, schema: Schema, path: Path): EffectiveValue => {
  const node = valueAt(walk.config.tree, path);
  const common = commonOf(walk, node);
  const own = branchOf(schema, value);
  if (Array.isArray(value)) {
    const items = value.map((item, index) => effectiveAt(walk, item, own.items ?? {}, [...path, index]));
    return { kind: 'list', ...common, items };
  }
  if (typeof value !== 'object' || value === null || isReference(value))
    return { kind: 'scalar', ...common, value: scalarOf(walk, value, own, node, path) };
  const members = value as Readonly<Record<string, unknown>>;
  const { data, tree } = walk.config;
  const isShown = (at: Path): boolean =>
    at.length === 1
      ? !CONSUMED.has(String(at[0]))
      : valueAt(tree, at) !== undefined || !isIdleDefault(data, at);
  const entries = keysOf(own, value)
    .filter((key) => isShown([...path, key]))
    .map(
      (key) =>
        [key, effectiveAt(walk, members[key], propertySchema(own, key) ?? {}, [...path, key])] as const,
    );
  return { kind: 'map', ...common, entries: new Map(entries) };
};

/** What a sound configuration says, all of it. Secrets are masked, references stay references. */
export const effectiveOf = (config: Configuration, trace: OverlayTrace): Effective => ({
  root: effectiveAt(
    { config, trace, uses: new Map(config.scalars.map((use) => [use.path.join('/'), use])) },
    config.data,
    GATEWAY_SCHEMA,
    [],
  ),
  removed: trace.removed.map(
    ({ path, place, by }) => `${path.join('.')} of ${lineOf(place)} is removed by ${lineOf(by)}`,
  ),
});

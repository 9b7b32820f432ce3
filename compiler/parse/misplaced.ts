/** Keys that are right, but stand too far in or too far out. */
import type { NamedSection } from '../../schema/config/value.ts';
import type { Place } from '../source/source-file.ts';
import type { Path, SourceMap, SourceValue } from '../source/tree.ts';
import { KINDS, ownerOf } from './owner.ts';
import {
  branchWord,
  chooseSchema,
  dereference,
  GATEWAY_SCHEMA,
  propertySchema,
  type Schema,
} from './schema.ts';

const MAX_DEPTH = 3;

const fits = (schema: Schema, { kind }: SourceValue): boolean => {
  const own = dereference(schema);
  if (own.anyOf) return own.anyOf.some((branch) => fits(branch, { kind } as SourceValue));
  if (kind === 'map') return own.oneOf !== undefined || own.type === 'object';
  return kind === 'list' ? own.type === 'array' : own.oneOf === undefined && own.type !== 'object';
};

/** Dotted names of the maps below `schema` that have the key. */
const homesBelow = (schema: Schema, key: string, value: SourceValue, depth: number): readonly string[] => {
  const own = dereference(schema);
  const object = own.anyOf?.map(dereference).find(({ type }) => type === 'object') ?? own;
  return Object.entries(object.properties ?? {}).flatMap(([name, property]) => {
    const child = dereference(property);
    const inner = child.items ? dereference(child.items) : child;
    const map = inner.anyOf?.map(dereference).find(({ type }) => type === 'object') ?? inner;
    const found = map.properties?.[key];
    const here = found && fits(found, value) ? [name] : [];
    const deeper = depth > 1 ? homesBelow(map, key, value, depth - 1) : [];
    return [...here, ...deeper.map((rest) => `${name}.${rest}`)];
  });
};

const shallowest = (homes: readonly string[]): readonly string[] => {
  const depth = (home: string) => home.split('.').length;
  const least = Math.min(...homes.map(depth));
  return homes.filter((home) => depth(home) === least);
};

/** The section that a value looks like an entry of. */
const sectionOf = (value: SourceValue): NamedSection | undefined => {
  if (value.kind !== 'map') return undefined;
  const type = value.entries.get('type')?.value;
  const word = type?.kind === 'scalar' ? type.value : undefined;
  for (const section of Object.keys(KINDS) as NamedSection[]) {
    const entry = Object.values(dereference(GATEWAY_SCHEMA.properties![section]!).patternProperties ?? {})[0];
    const own = entry && dereference(entry);
    if (own?.oneOf?.some((branch) => branchWord(branch) === word)) return section;
    const required = own?.oneOf ? [] : (own?.required ?? []);
    if (required.length > 0 && required.every((key) => value.entries.has(key))) return section;
  }
  return undefined;
};

/** The map around `path`, nearest first, that has the key. */
const homeAbove = (root: SourceMap, path: Path, key: string, value: SourceValue): string | undefined => {
  let schema: Schema | undefined = GATEWAY_SCHEMA;
  let at: SourceValue | undefined = root;
  const homes: string[] = [];
  for (const [index, step] of path.entries()) {
    const chosen: Schema | undefined = schema && at && chooseSchema(schema, at);
    const property = at?.kind === 'map' ? chosen?.properties?.[key] : undefined;
    if (property && fits(property, value)) homes.unshift(ownerOf(path.slice(0, index)));
    schema = chosen && (at?.kind === 'list' ? chosen.items : propertySchema(chosen, String(step)));
    at =
      at?.kind === 'map'
        ? at.entries.get(String(step))?.value
        : at?.kind === 'list'
          ? at.items[Number(step)]
          : undefined;
  }
  return homes[0];
};

/** A map, with the branch of its schema that holds for it. */
interface Owner {
  readonly root: SourceMap;
  readonly path: Path;
  readonly schema: Schema;
}

/** Where a key that is unknown in `owner` belongs, in words; undefined if nobody knows. */
export const homeOf = (
  { root, path, schema }: Owner,
  key: string,
  value: SourceValue,
): string | undefined => {
  const section = sectionOf(value);
  if (section) {
    const kind = KINDS[section]!;
    const article = /^[aeiou]/.test(kind) ? 'an' : 'a';
    return `it looks like ${article} ${kind}: indent it as the entries of \`${section}\` are`;
  }
  const below = shallowest(homesBelow(schema, key, value, MAX_DEPTH));
  if (below.length > 0 && below.length <= 2) {
    return `\`${key}\` belongs in ${below.map((home) => `\`${home}\``).join(' or in ')}`;
  }
  const above = homeAbove(root, path, key, value);
  return above === undefined ? undefined : `\`${key}\` belongs further out, in ${above}`;
};

/** Names of entries of `section` that stand where no entry of it can. */
export const misplacedNames = (root: SourceMap, section: NamedSection): ReadonlyMap<string, Place> => {
  const found = new Map<string, Place>();
  const collect = (map: SourceMap, schema: Schema) => {
    for (const { key, keyPlace, value } of map.entries.values()) {
      if (!propertySchema(schema, key) && sectionOf(value) === section) found.set(key, keyPlace);
    }
  };
  collect(root, GATEWAY_SCHEMA);
  for (const [name, { value }] of root.entries) {
    const entries = value.kind === 'map' && name in KINDS ? [...value.entries.values()] : [];
    const schema = GATEWAY_SCHEMA.properties![name];
    for (const entry of entries) {
      const named = schema && propertySchema(dereference(schema), entry.key);
      const chosen = named && chooseSchema(named, entry.value);
      if (entry.value.kind === 'map' && chosen) collect(entry.value, chosen);
    }
  }
  return found;
};

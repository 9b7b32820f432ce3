/** An overlay laid over a configuration: maps are merged, lists only where their entries have a name. */
import { chooseSchema, dereference, propertySchema, type Schema } from '../parse/schema.ts';
import type { SourceEntry, SourceMap, SourceValue } from '../source/tree.ts';
import { includedText } from './include-path.ts';
import type { Laying } from './laying.ts';
import { layList } from './overlay-list.ts';
import { isRemoval, reportNothing } from './removal.ts';

const NAMES: Readonly<Record<SourceValue['kind'], string>> = {
  map: 'a mapping',
  list: 'a list',
  scalar: 'a single value',
};

/** Whether the schema has a choice of kinds here, so that one may stand in the place of another. */
const admitsOther = (schema: Schema | undefined, over: SourceValue): boolean =>
  schema !== undefined && dereference(schema).anyOf !== undefined && chooseSchema(schema, over) !== undefined;

const isOtherType = (schema: Schema | undefined, base: SourceMap, over: SourceMap): boolean => {
  if (schema === undefined || dereference(schema).oneOf === undefined) return false;
  const [before, after] = [base, over].map((map) => map.entries.get('type')?.value);
  return after?.kind === 'scalar' && !(before?.kind === 'scalar' && before.value === after.value);
};

/** A key without a value: of no kind, and told with the shape of the whole where it stays. */
const isEmpty = (value: SourceValue): boolean => value.kind === 'scalar' && value.value === null;

const childOf = (laying: Laying, base: SourceMap, key: string): Laying => {
  const chosen = laying.schema && chooseSchema(laying.schema, base);
  return { ...laying, path: [...laying.path, key], schema: chosen && propertySchema(chosen, key) };
};

const replace = ({ trace }: Laying, base: SourceEntry, over: SourceEntry): SourceEntry => {
  trace.replaced.set(over.value, base.keyPlace);
  return over;
};

const refuse = ({ report, path }: Laying, base: SourceEntry, over: SourceEntry): SourceEntry => {
  const [before, after] = [NAMES[base.value.kind], NAMES[over.value.kind]];
  const labels = [{ place: base.keyPlace, text: `${before} here` }];
  report('GW2040', over.keyPlace, { path: path.join('.'), before, after }, { labels });
  return base;
};

const layEntry = (laying: Laying, base: SourceEntry, over: SourceEntry): SourceEntry => {
  const { schema } = laying;
  const [before, after] = [base.value, over.value];
  if (before.kind === 'map' && after.kind === 'map') {
    if (isOtherType(schema, before, after)) return replace(laying, base, over);
    return { ...base, value: layMap(laying, before, after) };
  }
  if (before.kind === 'list' && after.kind === 'list') {
    const by = schema && dereference(schema)['x-merge-key'];
    if (by === undefined) return replace(laying, base, over);
    const value = layList(laying, before, after, by, layMap);
    laying.trace.merged.set(value, { by, place: over.keyPlace });
    return { ...base, value };
  }
  if (before.kind === after.kind || isEmpty(before) || isEmpty(after) || admitsOther(schema, after))
    return replace(laying, base, over);
  return refuse(laying, base, over);
};

/** The map with what `over` says of it. */
export const layMap = (laying: Laying, base: SourceMap, over: SourceMap): SourceMap => {
  const entries = new Map(base.entries);
  for (const entry of over.entries.values()) {
    const before = base.entries.get(entry.key);
    const child = childOf(laying, base, entry.key);
    if (isRemoval(entry.value)) {
      if (before) laying.trace.removed.push({ path: child.path, place: before.keyPlace, by: entry.keyPlace });
      else reportNothing(laying, entry, base);
      entries.delete(entry.key);
    } else entries.set(entry.key, before ? layEntry(child, before, entry) : entry);
  }
  return { ...base, entries, isIncomplete: base.isIncomplete || over.isIncomplete };
};

/** An overlay's own includes were followed; what is wrong with them is told as the shape of the whole. */
const withoutIncludes = (over: SourceMap): SourceMap => {
  const include = over.entries.get('include')?.value;
  const isFollowed =
    include?.kind === 'list' && include.items.every((item) => includedText(item) !== undefined);
  const entries = new Map(over.entries);
  if (isFollowed) entries.delete('include');
  return { ...over, entries };
};

/** The configuration with an overlay over it. */
export const layOverlay = (
  base: SourceMap,
  over: SourceMap,
  laying: Pick<Laying, 'report' | 'trace' | 'schema'>,
): SourceMap => layMap({ ...laying, path: [] }, base, withoutIncludes(over));

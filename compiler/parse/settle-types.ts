/** Unions whose `type` is missing or wrong: reported, and read on as what was probably meant. */
import { meantFix } from '../diagnostics/meant-fix.ts';
import type { ProposedFix, Report } from '../diagnostics/report.ts';
import { lineIndexAt } from '../source/source-file.ts';
import {
  anchorPlaceAt,
  type Path,
  type SourceEntry,
  type SourceMap,
  type SourceScalar,
  type SourceValue,
} from '../source/tree.ts';
import { misspeltType, typeByKeys, typeMeant } from './guess-type.ts';
import { ownerOf } from './owner.ts';
import { branchWord, chooseSchema, dereference, propertySchema, type Schema } from './schema.ts';

/** More than anybody reads. */
const MAX_SETTLED = 100;

interface Settler {
  readonly root: SourceMap;
  readonly report: Report;
  /** Paths of the maps whose type was reported. */
  readonly settled: Path[];
}

const withType = (map: SourceMap, type: string, at: SourceEntry | undefined, drop?: string): SourceMap => {
  const place = at?.value.place ?? map.place;
  const value: SourceScalar = { kind: 'scalar', place, value: type, written: type, style: 'plain' };
  const entries = new Map(map.entries);
  if (drop !== undefined) entries.delete(drop);
  return { ...map, entries: entries.set('type', { key: 'type', keyPlace: at?.keyPlace ?? place, value }) };
};

/** The line `type: …` before the first key, in the style of the map. */
const insertion = (map: SourceMap, type: string): readonly ProposedFix[] => {
  const first = map.entries.values().next().value?.keyPlace;
  if (!first || first.start < map.place.start) return [];
  const { text, lineStarts } = first.file;
  const lineStart = lineStarts[lineIndexAt(first.file, first.start)]!;
  const between = text[map.place.start] === '{' ? ', ' : `\n${' '.repeat(first.start - lineStart)}`;
  const place = { ...first, end: first.start };
  return [{ place, text: `type: ${type}${between}`, applicability: 'maybe' }];
};

const settleWord = (settler: Settler, map: SourceMap, union: Schema, path: Path): SourceMap => {
  const types = union.oneOf!.map(branchWord);
  const type = map.entries.get('type')!;
  const scalar = type.value.kind === 'scalar' ? type.value : undefined;
  const word = scalar ? String(scalar.value ?? scalar.written) : '';
  const meant = typeMeant(word, types);
  const place = scalar && scalar.written !== '' ? scalar.place : type.keyPlace;
  const fixes = scalar ? meantFix(place, word, meant, types) : [];
  settler.report('GW1006', place, { type: word, owner: ownerOf(path), types, nearest: meant }, { fixes });
  return meant === undefined ? map : withType(map, meant, type);
};

const settleMissing = (settler: Settler, map: SourceMap, union: Schema, path: Path): SourceMap => {
  const types = union.oneOf!.map(branchWord);
  const owner = ownerOf(path);
  const misspelt = misspeltType(map, union);
  if (misspelt) {
    const { keyPlace } = misspelt;
    const data = { key: misspelt.key, owner, nearest: 'type', known: [] };
    settler.report('GW1001', keyPlace, data, { fixes: meantFix(keyPlace, misspelt.key, 'type', []) });
    const { value } = misspelt;
    const word = value.kind === 'scalar' ? typeMeant(String(value.value), types) : undefined;
    const guess = word ?? typeByKeys(map, union);
    return guess === undefined ? map : withType(map, guess, misspelt, misspelt.key);
  }
  if (map.isIncomplete) return map;
  const guess = typeByKeys(map, union);
  const isEmpty = map.entries.has('type');
  const fixes = guess === undefined || isEmpty ? [] : insertion(map, guess);
  settler.report('GW1005', anchorPlaceAt(settler.root, path), { owner, types, guess }, { fixes });
  return guess === undefined ? map : withType(map, guess, undefined);
};

const settleMap = (settler: Settler, map: SourceMap, schema: Schema, path: Path): SourceMap => {
  const own = dereference(schema);
  let settled = map;
  if (own.oneOf && settler.settled.length < MAX_SETTLED && !chooseSchema(own, map)) {
    settler.settled.push(path);
    settled = settleChosen(settler, map, own, path);
  }
  const chosen = chooseSchema(own, settled);
  if (!chosen) return settled;
  let entries: Map<string, SourceEntry> | undefined;
  for (const entry of settled.entries.values()) {
    const property = propertySchema(chosen, entry.key);
    const value = property && settle(settler, entry.value, property, [...path, entry.key]);
    if (value === undefined || value === entry.value) continue;
    entries ??= new Map(settled.entries);
    entries.set(entry.key, { ...entry, value });
  }
  return entries ? { ...settled, entries } : settled;
};

/** Whether something stands behind `type:`. */
const hasType = ({ entries }: SourceMap): boolean => {
  const value = entries.get('type')?.value;
  return value !== undefined && !(value.kind === 'scalar' && value.value === null && value.written === '');
};

const settleChosen = (settler: Settler, map: SourceMap, union: Schema, path: Path): SourceMap =>
  hasType(map) ? settleWord(settler, map, union, path) : settleMissing(settler, map, union, path);

const settle = (settler: Settler, value: SourceValue, schema: Schema, path: Path): SourceValue => {
  if (value.kind === 'map') return settleMap(settler, value, schema, path);
  if (value.kind === 'scalar') return value;
  const chosen = chooseSchema(schema, value);
  if (!chosen?.items) return value;
  const items = value.items.map((item, index) => settle(settler, item, chosen.items!, [...path, index]));
  return items.some((item, index) => item !== value.items[index]) ? { ...value, items } : value;
};

/** The tree with the types that were meant, and the paths of the maps whose type was missing or wrong. */
export const settleTypes = (
  root: SourceMap,
  schema: Schema,
  report: Report,
): { readonly tree: SourceMap; readonly settled: readonly Path[] } => {
  const settler: Settler = { root, report, settled: [] };
  return { tree: settle(settler, root, schema, []) as SourceMap, settled: settler.settled };
};

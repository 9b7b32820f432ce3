/** Lists whose entries have a name: an overlay's entry is laid over the one of the same name, or added. */
import type { Place } from '../source/source-file.ts';
import type { SourceList, SourceMap, SourceValue } from '../source/tree.ts';
import type { Laying } from './laying.ts';
import { isRemovalOfEntry } from './removal.ts';

const nameIn = (item: SourceValue | undefined, by: string): string | undefined => {
  const value = item?.kind === 'map' ? item.entries.get(by)?.value : undefined;
  return value?.kind === 'scalar' && typeof value.value === 'string' ? value.value : undefined;
};

const placeOfName = (item: SourceValue | undefined, by: string): Place | undefined =>
  item?.kind === 'map' ? item.entries.get(by)?.value.place : undefined;

type LayMap = (laying: Laying, base: SourceMap, over: SourceMap) => SourceMap;

/** One list while an overlay's list is laid over it. */
interface Merge {
  readonly laying: Laying;
  readonly by: string;
  readonly layMap: LayMap;
  readonly over: SourceList;
  readonly before: readonly SourceValue[];
  /** Entries that are taken away are undefined. */
  readonly items: (SourceValue | undefined)[];
}

/** Whether it cannot be told which entries are meant: several of one name, in the base or in the overlay. */
const isUnclear = ({ laying, by, over, before }: Merge, name: string, place: Place): boolean => {
  const same = (items: readonly SourceValue[]) => items.filter((item) => nameIn(item, by) === name);
  const named = same(before);
  if (named.length === 0 || (named.length === 1 && same(over.items).length === 1)) return false;
  const labels = named.map((item) => ({ place: placeOfName(item, by)!, text: 'in the base' }));
  laying.report('GW2042', place, { by, name }, { labels });
  return true;
};

const layNamed = (merge: Merge, item: SourceMap, name: string, place: Place): void => {
  const { laying, by, layMap, before, items } = merge;
  if (isUnclear(merge, name, place)) return;
  const index = before.findIndex((each) => nameIn(each, by) === name);
  const base = before[index];
  const path = [...laying.path, index];
  if (isRemovalOfEntry(item)) {
    const what = `${laying.path.join('.')}: ${by} ${name}`;
    if (base) laying.trace.removed.push({ path, place: placeOfName(base, by)!, by: place });
    else laying.report('GW2041', place, { what, nearest: undefined });
    if (base) items[index] = undefined;
  } else if (base?.kind === 'map') {
    items[index] = layMap({ ...laying, path, schema: laying.schema?.items }, base, item);
  } else items.push(item);
};

/** The base's entries in their order, then those that the overlay adds. */
export const layList = (
  laying: Laying,
  base: SourceList,
  over: SourceList,
  by: string,
  layMap: LayMap,
): SourceList => {
  const merge: Merge = { laying, by, layMap, over, before: base.items, items: [...base.items] };
  for (const item of over.items) {
    const name = nameIn(item, by);
    if (item.kind === 'map' && name !== undefined) layNamed(merge, item, name, placeOfName(item, by)!);
    // Without a name it is told with the shape of the whole.
    else merge.items.push(item);
  }
  return { ...base, items: merge.items.filter((item) => item !== undefined) };
};

/** What differs between two lists, by the keys of their items. */
import type { WrittenItem, WrittenList } from './written.ts';

/** An item that stands elsewhere among those that stayed. Positions count from 1. */
export interface MovedItem {
  readonly key: string;
  readonly from: number;
  readonly to: number;
}

export interface KeyedItem extends WrittenItem {
  readonly index: number;
}

export interface ListDifference {
  readonly added: readonly KeyedItem[];
  readonly removed: readonly KeyedItem[];
  readonly kept: readonly { readonly before: KeyedItem; readonly after: KeyedItem }[];
  readonly moved: readonly MovedItem[];
}

/** Beyond as many, the items that moved are not told apart from those that did not. */
const MAX_ORDERED = 2000;

/** Items by key; where one comes again it is another item. */
const byKey = ({ items }: WrittenList): Map<string, KeyedItem> => {
  const seen = new Map<string, number>();
  return new Map(
    items.map((item, index) => {
      const count = seen.get(item.key) ?? 0;
      seen.set(item.key, count + 1);
      return [count === 0 ? item.key : `${item.key}\n${count}`, { ...item, index }];
    }),
  );
};

interface Kept {
  readonly before: KeyedItem;
  readonly after: KeyedItem;
}

/** A run of items in the same order on both sides, as linked from its end. */
interface Run {
  readonly length: number;
  readonly keys: string;
  readonly last: Kept;
  readonly rest: Run | undefined;
}

const isBetter = (run: Run, than: Run | undefined): boolean =>
  than === undefined || run.length > than.length || (run.length === than.length && run.keys < than.keys);

/** The items that did not move: the longest run, the same whichever side is the older. */
const inOrder = (kept: readonly Kept[]): ReadonlySet<Kept> => {
  const runs: Run[] = [];
  let longest: Run | undefined;
  for (const last of kept) {
    let rest: Run | undefined;
    for (const run of runs) if (run.last.after.index < last.after.index && isBetter(run, rest)) rest = run;
    const run = {
      length: (rest?.length ?? 0) + 1,
      keys: `${rest?.keys ?? ''}\n${last.before.key}`,
      last,
      rest,
    };
    runs.push(run);
    if (isBetter(run, longest)) longest = run;
  }
  const still = new Set<Kept>();
  for (let run = longest; run !== undefined; run = run.rest) still.add(run.last);
  return still;
};

const isInOrder = (kept: readonly Kept[]): boolean =>
  kept.every(({ after }, position) => position === 0 || kept[position - 1]!.after.index < after.index);

const movedAmong = (kept: readonly Kept[]): readonly MovedItem[] => {
  if (isInOrder(kept)) return [];
  const still = kept.length > MAX_ORDERED ? new Set<Kept>() : inOrder(kept);
  return kept
    .filter((each) => !still.has(each))
    .map(({ before, after }) => ({ key: before.key, from: before.index + 1, to: after.index + 1 }))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
};

/** Of two lists of one field. */
export const diffLists = (before: WrittenList, after: WrittenList): ListDifference => {
  const [old, next] = [byKey(before), byKey(after)];
  const kept = [...old].flatMap(([key, item]) => {
    const other = next.get(key);
    return other === undefined ? [] : [{ before: item, after: other }];
  });
  return {
    added: [...next].filter(([key]) => !old.has(key)).map(([, item]) => item),
    removed: [...old].filter(([key]) => !next.has(key)).map(([, item]) => item),
    kept,
    moved: before.ordered && after.ordered ? movedAmong(kept) : [],
  };
};

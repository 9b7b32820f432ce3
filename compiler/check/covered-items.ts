/** Patterns and address ranges of one list that another item of it covers: they could as well not be there. */
import { isIP } from 'node:net';
import { parseRange, rangeHas } from '../address.ts';
import { placeAt, type ScalarUse } from '../configuration.ts';
import type { Check } from './check.ts';
import { covers } from './glob-relations.ts';

type Covers = (wide: string, narrow: string) => boolean;

const coversRange: Covers = (wide, narrow) => {
  const [outer, inner] = [parseRange(wide), parseRange(narrow)];
  return outer !== undefined && inner !== undefined && rangeHas(outer, inner);
};

/** Where a text is a segment of a path, a glob may not match what it seems to. */
const coversPattern: Covers = (wide, narrow) => !narrow.includes('..') && covers(wide, narrow);

const RELATIONS: Readonly<Record<string, Covers>> = {
  pattern: coversPattern,
  cidr: coversRange,
  'egress-range': coversRange,
};

const isWide = (text: string): boolean => text.includes('*') || isIP(text.split('/')[0]!) !== 0;

export const checkCoveredItems: Check = (config, report) => {
  const lists = Map.groupBy(
    config.scalars.filter(({ path, schema }) => typeof path.at(-1) === 'number' && schema['x-format']),
    ({ path }) => JSON.stringify(path.slice(0, -1)),
  );
  for (const items of lists.values()) {
    const relation = RELATIONS[items[0]!.schema['x-format']!];
    const wide = relation ? items.filter(({ scalar }) => isWide(String(scalar.value))) : [];
    for (const item of items) {
      const cover = wide.find((other) => isCover(relation!, other, item));
      if (!cover) continue;
      const [text, by] = [String(item.scalar.value), String(cover.scalar.value)];
      const labels = [{ place: placeAt(config, ...cover.path), text: 'covers it' }];
      report('GW2030', item.scalar.place, { text, by }, { labels });
    }
  }
};

/** Of two that cover each other the later is covered; equal ones are told as listed twice. */
const isCover = (relation: Covers, other: ScalarUse, item: ScalarUse): boolean => {
  const [wide, narrow] = [String(other.scalar.value), String(item.scalar.value)];
  if (wide === narrow || !relation(wide, narrow)) return false;
  return !relation(narrow, wide) || Number(other.path.at(-1)) < Number(item.path.at(-1));
};

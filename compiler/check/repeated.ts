/** The same name or word twice in one list. */
import { placeAt } from '../configuration.ts';
import type { Path } from '../source/tree.ts';
import type { Check } from './check.ts';

const isItem = (path: Path): boolean => typeof path.at(-1) === 'number';

/** Lists whose items may well be equal: a program's arguments. */
const MAY_REPEAT = new Set(['command']);

export const checkRepeated: Check = (config, report) => {
  const first = new Map<string, Path>();
  for (const { path, scalar } of config.scalars) {
    if (!isItem(path) || MAY_REPEAT.has(String(path.at(-2)))) continue;
    const key = JSON.stringify([path.slice(0, -1), scalar.value]);
    const before = first.get(key);
    if (before === undefined) {
      first.set(key, path);
      continue;
    }
    const labels = [{ place: placeAt(config, ...before), text: 'first listed here' }];
    report('GW2014', scalar.place, { name: String(scalar.value) }, { labels });
  }
};

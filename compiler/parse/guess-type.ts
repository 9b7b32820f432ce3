/** The `type` that was meant where it is missing or misspelt, so that the rest of the map can be judged. */
import { nearest } from '../diagnostics/nearest.ts';
import type { SourceEntry, SourceMap } from '../source/tree.ts';
import { branchWord, dereference, propertySchema, type Schema } from './schema.ts';
import { keyMeant, wordMeant } from './synonyms.ts';

/** The key that stands in place of `type`, with a letter or two wrong. */
export const misspeltType = (map: SourceMap, union: Schema): SourceEntry | undefined =>
  [...map.entries.values()].find(
    ({ key }) =>
      nearest(key, ['type']) !== undefined &&
      !union.oneOf!.some((branch) => propertySchema(dereference(branch), key)),
  );

/** The word of a union's branches that `word` stands for. */
export const typeMeant = (word: string, types: readonly string[]): string | undefined =>
  types.includes(word) ? word : (nearest(word, types) ?? wordMeant(word, types));

const fits = (branch: Schema, key: string): boolean =>
  propertySchema(branch, key) !== undefined ||
  keyMeant(key, Object.keys(branch.properties ?? {})) !== undefined ||
  (key === 'args' && branch.properties?.command !== undefined) ||
  branchWord(branch) === key;

/** The branch that most keys of a map belong to; undefined if none, or several. */
export const typeByKeys = (map: SourceMap, union: Schema): string | undefined => {
  const keys = [...map.entries.keys()].filter((key) => key !== 'type');
  const branches = union.oneOf!.map(dereference);
  const scores = branches.map((branch) => keys.filter((key) => fits(branch, key)).length);
  const best = Math.max(...scores);
  const isClear = best > 0 && scores.indexOf(best) === scores.lastIndexOf(best);
  return isClear ? branchWord(branches[scores.indexOf(best)]!) : undefined;
};

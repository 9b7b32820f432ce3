/** What a key that is not known stands for, as far as that can be told. */
import { nearest } from '../diagnostics/nearest.ts';
import type { Path, SourceEntry, SourceMap } from '../source/tree.ts';
import { clientKeyAdvice } from './foreign-configuration.ts';
import { homeOf } from './misplaced.ts';
import { branchWord, chooseSchema, type Schema } from './schema.ts';
import { keyAdvice, keyMeant } from './synonyms.ts';

export interface KeyMeant {
  /** The key that was meant. */
  readonly nearest?: string | undefined;
  /** What to do, where no other key would help. */
  readonly advice?: string | undefined;
  /** Keys of the same map that are missing for the same reason. */
  readonly explains?: readonly string[];
}

/** The map in which the key stands. */
interface KeyOwner {
  readonly root: SourceMap;
  readonly path: Path;
  readonly map: SourceMap;
  /** Before a branch is chosen. */
  readonly schema: Schema;
  /** Keys that the map must have and has not. */
  readonly missing: ReadonlySet<string>;
}

const AT_TOP = ['listeners', 'servers', 'upstreams'];

const advised = (
  { path, schema, missing }: KeyOwner,
  key: string,
  keys: readonly string[],
): KeyMeant | undefined => {
  const blank = /^([A-Za-z_][\w-]*):(?=\S)(.+)$/.exec(key);
  if (blank && keys.includes(blank[1]!)) {
    const advice = `a blank is missing behind the \`:\`: write \`${blank[1]}: ${blank[2]}\``;
    return { advice, explains: [blank[1]!] };
  }
  if (schema.oneOf?.some((branch) => branchWord(branch) === key))
    return { advice: `write \`type: ${key}\`, and its keys beside it`, explains: [...missing] };
  const client = path.length === 0 ? clientKeyAdvice(key) : undefined;
  if (client !== undefined) return { advice: client, explains: AT_TOP.slice(1) };
  const advice = keyAdvice(key, keys);
  return advice === undefined ? undefined : { advice };
};

/** What the unknown key of an entry stands for. */
export const meantBy = (owner: KeyOwner, { key, value }: SourceEntry): KeyMeant => {
  const { root, path, map, schema, missing } = owner;
  const chosen = chooseSchema(schema, map)!;
  const keys = Object.keys(chosen.properties ?? {});
  const known = keys.filter((name) => !map.entries.has(name));
  const advice = advised(owner, key, keys);
  if (advice) return advice;
  const near = nearest(key, missing) ?? nearest(key, known);
  if (near !== undefined) return { nearest: near };
  const home = homeOf({ root, path, schema: chosen }, key, value);
  return home === undefined
    ? { nearest: keyMeant(key, [...missing]) ?? keyMeant(key, known) }
    : { advice: home };
};

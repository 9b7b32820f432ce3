/** JSON as CEL sees it. */
import type { CelInput } from '@bufbuild/cel';
import { celLibrary } from './late-library.ts';

/** Deeper JSON than this is refused: no honest argument comes near. */
const MAX_DEPTH = 1000;

/**
 * A JSON value as a CEL value. Whole numbers that a double holds exactly are ints, all other numbers doubles;
 * CEL compares the two across types. Only own members count, so that `constructor` is a key like any other.
 *
 * @throws CelError for what is no JSON and for JSON nested deeper than 1000.
 */
export const celFromJson = (value: unknown, depth = 0): CelInput => {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      return Number.isSafeInteger(value) ? BigInt(value) : value;
    case 'object':
      break;
    default:
      throw celLibrary().celError(`not a JSON value: ${typeof value}`);
  }
  if (value === null) return null;
  if (depth === MAX_DEPTH) throw celLibrary().celError('JSON is nested too deeply');
  if (Array.isArray(value)) return value.map((element) => celFromJson(element, depth + 1));
  const entries = new Map<string, CelInput>();
  for (const key of Object.keys(value)) {
    entries.set(key, celFromJson((value as Record<string, unknown>)[key], depth + 1));
  }
  return celLibrary().celMap(entries);
};

/** What a member that is not there reads as. */
export const MISSING = Symbol('missing');

/** The member of a JSON value at a path of keys, or MISSING. Lists and scalars have no members. */
export const memberOf = (value: unknown, path: readonly string[]): unknown => {
  let current = value;
  for (const key of path) {
    if (typeof current !== 'object' || current === null || Array.isArray(current)) return MISSING;
    if (!Object.hasOwn(current, key)) return MISSING;
    current = (current as Record<string, unknown>)[key];
  }
  return current;
};

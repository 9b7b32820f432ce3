/** What a schema refers to, directly and through others, as far as a tool can bear it. */
import { isJsonObject } from './document.ts';
import { mapSubschemas } from './keywords.ts';

/** A schema that others refer to by its key. */
export interface Part {
  readonly schema: unknown;
  /** Keys of what it refers to, as often as it does. */
  readonly refs: readonly string[];
  readonly characters: number;
}

export interface Closure {
  /** By key. What is left out is not among them. */
  readonly parts: ReadonlyMap<string, Part>;
  /** Keys of the parts that stand in `$defs`: used more than once, or deep within others. */
  readonly shared: readonly string[];
  /** Whether nothing was left out. */
  readonly isWhole: boolean;
}

/** A tool stands in every list and before every model. */
const MAX_CHARACTERS = 32 * 1024;
const MAX_LEVELS = 64;
/** Parts that are used once stand where they are used, as long as that does not nest too deeply. */
const MAX_NESTED_LEVELS = 8;

/** The keys that a schema refers to. */
export const refsOf = (schema: unknown): readonly string[] => {
  const refs: string[] = [];
  const visit = (each: unknown): void => {
    if (!isJsonObject(each)) return;
    if (typeof each.$ref === 'string') refs.push(each.$ref);
    mapSubschemas(each, visit);
  };
  visit(schema);
  return refs;
};

/** Level by level, so that what is left out of a large closure is what lies deepest. */
export const closureOf = (roots: readonly string[], partOf: (key: string) => Part): Closure => {
  const parts = new Map<string, Part>();
  const shared = new Set<string>();
  let characters = 0;
  let isWhole = true;
  let level = roots;
  for (let depth = 1; level.length > 0; depth += 1) {
    const next: string[] = [];
    for (const key of level) {
      if (parts.has(key)) {
        shared.add(key);
        continue;
      }
      const part = partOf(key);
      if (depth > MAX_LEVELS || characters + part.characters > MAX_CHARACTERS) {
        isWhole = false;
        continue;
      }
      characters += part.characters;
      parts.set(key, part);
      if (depth > MAX_NESTED_LEVELS) shared.add(key);
      next.push(...part.refs);
    }
    level = next;
  }
  return { parts, shared: [...shared], isWhole };
};

/** What tells whether two definitions are the same, however they are spelt. */
import { createHash } from 'node:crypto';
import { canonicalJson } from '../../schema/canonical-json.ts';

/** Deeper definitions are no tools that anybody could review. */
const MAX_DEPTH = 64;

const isTooDeep = (value: unknown, depth: number): boolean => {
  if (typeof value !== 'object' || value === null) return false;
  if (depth === MAX_DEPTH) return true;
  return Object.values(value).some((child) => isTooDeep(child, depth + 1));
};

/**
 * SHA-256, hexadecimal, of the canonical JSON: order of keys, blanks and escapes make no difference, one other
 * character does. Undefined for what is nested too deeply to be locked.
 */
export const definitionHash = (definition: unknown): string | undefined =>
  isTooDeep(definition, 0) ? undefined : createHash('sha256').update(canonicalJson(definition)).digest('hex');

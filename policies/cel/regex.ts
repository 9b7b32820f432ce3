/** The engine behind `matches`: RE2, linear in the text; compiled patterns are kept. */
import type { RE2JS } from '@bufbuild/re2';
import { re2 } from './late-re2.ts';

/** Compiling costs the square of the length. */
const MAX_PATTERN_LENGTH = 1000;
const MAX_KEPT = 256;

const kept = new Map<string, RE2JS>();

const compilePattern = (pattern: string): RE2JS => {
  const known = kept.get(pattern);
  if (known !== undefined) return known;
  if (pattern.length > MAX_PATTERN_LENGTH) {
    throw new Error(`a pattern has at most ${MAX_PATTERN_LENGTH} characters`);
  }
  const compiled = re2().compile(pattern);
  if (kept.size === MAX_KEPT) kept.clear();
  kept.set(pattern, compiled);
  return compiled;
};

/** What the CEL library asks of a regular expression engine. */
export const regexEngine = { compile: compilePattern };

/** What is wrong with a pattern in RE2 syntax; undefined if nothing is. */
export const patternProblem = (pattern: string): string | undefined => {
  try {
    compilePattern(pattern);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
};

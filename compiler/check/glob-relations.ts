/** How two globs relate: whether one matches all that the other does, and whether anything matches both. */
import { compileGlobs } from '../../policies/glob.ts';

/** Whether `wide` matches every text that `narrow` matches: a `*` can only be matched by a `*`. */
export const covers = (wide: string, narrow: string): boolean => compileGlobs([wide])(narrow);

const literalPrefix = (glob: string): string => glob.split('*', 1)[0]!;

const prefixesPart = (a: string, b: string): boolean => {
  const [left, right] = [literalPrefix(a), literalPrefix(b)];
  return !left.startsWith(right) && !right.startsWith(left);
};

/** Whether some text matches both. */
export const meet = (a: string, b: string): boolean => {
  if (!a.includes('*')) return covers(b, a);
  if (!b.includes('*')) return covers(a, b);
  if (prefixesPart(a, b)) return false;
  // Row by row: whether the rests of both from here on have a text in common.
  let below: boolean[] = [];
  for (let i = a.length; i >= 0; i--) {
    const row: boolean[] = [];
    for (let j = b.length; j >= 0; j--) {
      const [left, right] = [a[i], b[j]];
      if (left === undefined && right === undefined) row[j] = true;
      else if (left === '*') row[j] = below[j]! || (right !== undefined && row[j + 1]!);
      else if (right === '*') row[j] = row[j + 1]! || (left !== undefined && below[j]!);
      else row[j] = left !== undefined && left === right && below[j + 1]!;
    }
    below = row;
  }
  return below[0]!;
};

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { covers, meet } from '../../../compiler/check/glob-relations.ts';
import { compileGlobs } from '../../../policies/glob.ts';

const glob = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 6 });

/** Every text of up to six letters `a` and `b`. */
const TEXTS: readonly string[] = (() => {
  const texts = [''];
  for (const text of texts) if (text.length < 6) texts.push(`${text}a`, `${text}b`);
  return texts;
})();

const matchedBy = (pattern: string): readonly string[] => TEXTS.filter(compileGlobs([pattern]));

describe('one glob covers another', () => {
  it.each([
    ['*', 'a*b'],
    ['read_*', 'read_file'],
    ['read_*', 'read_*_all'],
    ['*_file', 'read_file'],
    ['a*c', 'a*b*c'],
    ['**', '*'],
    ['file:///data/*', 'file:///data/**'],
  ])('%s covers %s', (wide, narrow) => expect(covers(wide, narrow)).toBe(true));

  it.each([
    ['read_file', 'read_*'],
    ['read_*', '*'],
    ['read_*', 'write_file'],
    ['a*b', 'a*'],
    ['', 'a'],
  ])('%s does not cover %s', (wide, narrow) => expect(covers(wide, narrow)).toBe(false));

  it('only if it matches all that the other does', () => {
    fc.assert(
      fc.property(glob, glob, (wide, narrow) => {
        if (!covers(wide, narrow)) return;
        const matches = compileGlobs([wide]);
        expect(matchedBy(narrow).filter((text) => !matches(text))).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});

describe('two globs meet', () => {
  it.each([
    ['gh_*', '*_issue'],
    ['get_*', 'get_issue'],
    ['*', ''],
    ['a*b', '*ab'],
    ['*a*', '*b*'],
  ])('%s and %s do', (a, b) => expect([meet(a, b), meet(b, a)]).toEqual([true, true]));

  it.each([
    ['gh_*', 'get_issue'],
    ['gh_*', 'fs_*'],
    ['*_issue', '*_file'],
    ['a', 'b'],
    ['', 'a*'],
  ])('%s and %s do not', (a, b) => expect([meet(a, b), meet(b, a)]).toEqual([false, false]));

  it('exactly if there is a text that both match', () => {
    fc.assert(
      fc.property(glob, glob, (a, b) => {
        const both = matchedBy(a).filter(compileGlobs([b]));
        // What only longer texts match both is not among those tried.
        if (both.length > 0) expect(meet(a, b)).toBe(true);
        else if (a.length + b.length <= 6) expect(meet(a, b)).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it('in little time, however many stars there are', () => {
    const started = performance.now();
    expect(meet(`${'*a'.repeat(100)}b`, `${'a*'.repeat(100)}c`)).toBe(false);
    expect(performance.now() - started).toBeLessThan(500);
  });
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compileGlobs } from '../../policies/glob.ts';

test.each([
  [['*'], 'anything', true],
  [['*'], '', true],
  [['**'], 'a/b', true],
  [['a'], 'a', true],
  [['a'], 'ab', false],
  [[''], '', true],
  [[], 'a', false],
  [['a*'], 'a', true],
  [['a*'], 'ba', false],
  [['*a'], 'ba', true],
  [['*a'], 'ab', false],
  [['a*b'], 'ab', true],
  [['a*b'], 'aXXb', true],
  [['a*b'], 'aXXbc', false],
  [['ab*ba'], 'aba', false],
  [['ab*ba'], 'abba', true],
  [['a*b*c'], 'abc', true],
  [['a*b*c'], 'acb', false],
  [['*a*b*'], 'xaxbx', true],
  [['*a*b*'], 'ba', false],
  [['a.c'], 'abc', false],
  [['a[b]'], 'ab', false],
  [['a?'], 'ab', false],
  [['A'], 'a', false],
  [['x', 'gh_get_*', '*_list'], 'gh_get_me', true],
  [['x', 'gh_get_*', '*_list'], 'repo_list', true],
  [['x', 'gh_get_*', '*_list'], 'repo', false],
] as const)('%j and %j: %j', (globs, text, matches) => {
  expect(compileGlobs(globs)(text)).toBe(matches);
});

test('a glob matches what the same regular expression does', () => {
  const texts = fc.string({ unit: fc.constantFrom('a', 'b', '.'), maxLength: 12 });
  const globs = fc.string({ unit: fc.constantFrom('a', 'b', '.', '*'), maxLength: 8 });
  fc.assert(
    fc.property(globs, texts, (glob, text) => {
      const pattern = new RegExp(`^${glob.replaceAll('.', '\\.').replaceAll('*', '[^]*')}$`);
      expect(compileGlobs([glob])(text)).toBe(pattern.test(text));
    }),
    { numRuns: 2000 },
  );
});

test('many stars against a long text take no time', () => {
  const matches = compileGlobs([`${'a*'.repeat(200)}b`]);
  const started = performance.now();
  expect(matches('a'.repeat(100_000))).toBe(false);
  expect(matches(`${'a'.repeat(100_000)}cb`)).toBe(true);
  expect(performance.now() - started).toBeLessThan(1000);
});

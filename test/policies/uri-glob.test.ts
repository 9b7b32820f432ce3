import { expect, test } from 'vitest';
import { compileUriGlobs } from '../../policies/uri-glob.ts';

const inData = compileUriGlobs(['file:///data/**', 'note://exact/../spelt']);

test.each([
  'file:///data/a.txt',
  'file:///data/a/b..c/.hidden',
  'file:///data/...',
  'file:///data/%20x',
  'file:///data/%2525',
  'note://exact/../spelt',
])('%s matches', (uri) => {
  expect(inData(uri)).toBe(true);
});

test.each([
  'file:///etc/passwd',
  'file:///data',
  'file:///data/../etc/passwd',
  'file:///data/x/../../etc/passwd',
  'file:///data/..',
  'file:///data/..?x',
  'file:///data/..#x',
  'file:///data/..;x=1/etc',
  'file:///data/./x',
  'file:///data/%2e%2e/etc/passwd',
  'file:///data/%2E./etc/passwd',
  'file:///data/..%2fetc/passwd',
  'file:///data/..%5Cetc',
  'file:///data/..\\etc',
  'file:///data/%252e%252e%252fetc',
  'file:///data/%25252e%2525252e/etc',
])('%s does not', (uri) => {
  expect(inData(uri)).toBe(false);
});

test('a glob of nothing but stars matches all', () => {
  expect(compileUriGlobs(['**'])('file:///data/../x')).toBe(true);
});

test('encoding over encoding takes no time to see through', () => {
  const started = performance.now();
  expect(inData(`file:///data/%${'25'.repeat(1_000_000)}2e`)).toBe(false);
  expect(inData(`file:///data/${'%25'.repeat(1_000_000)}`)).toBe(true);
  expect(performance.now() - started).toBeLessThan(1000);
});

import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { KeyDigests } from '../../../runtime/state/key-digests.ts';

const expected = (key: string): number[] => {
  const bytes = createHash('sha256').update(key).digest();
  return [0, 4, 8, 12].map((at) => bytes.readInt32LE(at));
};

const wordsOf = (digests: KeyDigests, key: string): number[] => {
  const words = new Int32Array(4);
  digests.read(key, words);
  return [...words];
};

test('a key has the words of its own digest, whichever came before', () => {
  const digests = new KeyDigests();
  const keys = fc.oneof(fc.constantFrom('', 'a', 'b', '__proto__', 'a\0'), fc.string({ unit: 'binary' }));
  fc.assert(
    fc.property(fc.array(keys, { maxLength: 20 }), (asked) => {
      for (const key of asked) expect(wordsOf(digests, key)).toEqual(expected(key));
    }),
  );
});

test('a salt makes other words of the same key', () => {
  expect(wordsOf(new KeyDigests('salt'), 'key')).toEqual(expected('saltkey'));
});

test('keys that share a place do not get the words of each other', () => {
  const digests = new KeyDigests();
  const keys = Array.from({ length: 5000 }, (_, at) => `key-${at}`);
  for (const key of [...keys, ...keys]) expect(wordsOf(digests, key)).toEqual(expected(key));
});

test('a flood of keys leaves no more behind than a thousand short ones', () => {
  const digests = new KeyDigests();
  for (let at = 0; at < 10; at += 1) wordsOf(digests, `${at}`.repeat(100_000));
  expect(digests.size).toBe(0);
  for (let at = 0; at < 20_000; at += 1) wordsOf(digests, `key-${at}`);
  expect(digests.size).toBeLessThanOrEqual(1024);
});

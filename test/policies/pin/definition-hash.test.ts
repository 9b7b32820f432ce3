import fc from 'fast-check';
import { expect, test } from 'vitest';
import { definitionHash } from '../../../policies/pin/definition-hash.ts';

const hashOf = (json: string) => definitionHash(JSON.parse(json));

test('order of keys, blanks and escapes make no difference', () => {
  const hash = hashOf('{"name":"a","inputSchema":{"type":"object","x":[1,2]}}');
  expect(hashOf(' { "inputSchema" : {"x": [ 1 , 2 ], "\\u0074ype":"object"}, "name":"\\u0061"}')).toBe(hash);
});

test.each([
  ['another order of a list', '{"a":[1,2]}', '{"a":[2,1]}'],
  ['a composed letter for a decomposed one', '{"a":"\u00e9"}', '{"a":"e\u0301"}'],
  ['a letter of another script', '{"a":"a"}', '{"a":"\u0430"}'],
  ['a full-width letter', '{"a":"a"}', '{"a":"\uff41"}'],
  ['a zero width space', '{"a":"ab"}', '{"a":"a\u200bb"}'],
  ['a tag character', '{"a":"a"}', '{"a":"a\u{e0041}"}'],
  ['a lone surrogate for its escape', '{"a":"\\ud800"}', '{"a":"\\\\ud800"}'],
  ['a blank at the end', '{"a":"b"}', '{"a":"b "}'],
  ['null for nothing', '{"a":null}', '{}'],
  ['a text for a number', '{"a":1}', '{"a":"1"}'],
  ['a list for an object', '{"a":[]}', '{"a":{}}'],
  ['a member called __proto__', '{"a":1,"__proto__":{"b":1}}', '{"a":1}'],
])('%s makes one', (_, one, other) => {
  expect(hashOf(one)).not.toBe(hashOf(other));
});

test('texts that JSON tells apart have hashes of their own', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
      const [a, b] = [JSON.parse(JSON.stringify(one)), JSON.parse(JSON.stringify(other))];
      let isSame = true;
      try {
        expect(a).toStrictEqual(b);
      } catch {
        isSame = false;
      }
      if (definitionHash(a) !== undefined) expect(definitionHash(a) === definitionHash(b)).toBe(isSame);
    }),
  );
});

test('what is nested without end has no hash, and ends nobody', () => {
  expect(hashOf('['.repeat(64) + ']'.repeat(64))).toMatch(/^[0-9a-f]{64}$/);
  expect(hashOf('['.repeat(65) + ']'.repeat(65))).toBeUndefined();
  let deep: unknown = 1;
  for (let depth = 0; depth < 200_000; depth += 1) deep = [deep];
  expect(definitionHash(deep)).toBeUndefined();
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseStrictObject } from '../../../runtime/identity/strict-json.ts';

const parse = (text: string) => parseStrictObject(Buffer.from(text));

describe('JSON of a token', () => {
  test('is what any parser would read, frozen', () => {
    const members = fc.dictionary(
      fc.string().filter((name) => name !== '__proto__'),
      fc.jsonValue({ maxDepth: 4 }),
    );
    fc.assert(
      fc.property(members, (value) => {
        const text = JSON.stringify(value);
        fc.pre(!text.includes('"__proto__":'));
        const parsed = parse(text);
        expect(parsed).toEqual(JSON.parse(text));
        expect(Object.isFrozen(parsed)).toBe(true);
      }),
    );
  });

  test('with one member repeated anywhere is refused, however its name is spelt', () => {
    const escaped = (name: string) =>
      [...name].map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');
    for (const [first, second] of [
      ['a', 'a'],
      ['a', escaped('a')],
      ['a\\"b', 'a\\u0022b'],
      ['', ''],
    ]) {
      const object = `{"${first}":1,"x":[{},"${first}"],"${second}":2}`;
      for (const text of [object, `{"in":${object}}`, `{"in":[1,{"deep":[${object}]}]}`]) {
        expect(parse(text)).toBeUndefined();
      }
    }
  });

  test('may have the same name in different objects, and strings that look like members', () => {
    const text = '{"a":{"a":1,"b":"{\\"a\\":1,\\"a\\":2}"},"b":[{"a":1},{"a":2},"a","a"],"c":"\\\\"}';
    expect(parse(text)).toEqual(JSON.parse(text));
  });

  test('that is no object, or no UTF-8, is refused', () => {
    for (const text of ['', 'null', '[]', '1', '"x"', '{', '{} {}', '\uFEFF{}', "{'a':1}"]) {
      expect(parse(text)).toBeUndefined();
    }
    expect(parseStrictObject(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]))).toBeUndefined();
  });

  test('is refused where it nests deeper than 32 levels, without ado', () => {
    const nested = (levels: number) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;
    expect(parse(nested(32))).toBeDefined();
    expect(parse(nested(33))).toBeUndefined();
    expect(parse(`{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`)).toBeUndefined();
  });

  test('gives no prototype to anything', () => {
    for (const text of ['{"__proto__":{"a":1}}', '{"x":{"\\u005f_proto__":1}}']) {
      expect(parse(text)).toBeUndefined();
    }
    expect(parse('{"x":"__proto__","constructor":1}')).toBeDefined();
  });
});

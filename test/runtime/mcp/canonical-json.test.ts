import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from '../../../runtime/mcp/canonical-json.ts';

const reversed = (value: unknown): unknown => {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(reversed);
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, member]) => [key, reversed(member)] as const)
      .toReversed(),
  );
};

describe('JSON in canonical form', () => {
  it('is one text for every way to write a value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const canonical = canonicalJson(JSON.stringify(value), 0);
        expect(canonicalJson(JSON.stringify(reversed(value), null, 3), 0)).toBe(canonical);
        expect(JSON.parse(canonical)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it.each([
    ['{"a":9007199254740993}', '{"a":9007199254740992}'],
    ['{"a":1e400}', '{"a":null}'],
    ['{"__proto__":{}}', '{}'],
    ['{"a":{"b":{}}}', '{"a":{},"b":{}}'],
    ['["a","b"]', '["b","a"]'],
    ['{"a":"{}"}', '{"a":{}}'],
  ])('tells %s from %s', (one, other) => {
    expect(canonicalJson(one, 0)).not.toBe(canonicalJson(other, 0));
  });
});

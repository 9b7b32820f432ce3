import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonExcess } from '../../runtime/json-bounds.ts';

const BOUNDS = { depth: 3, items: 4, length: 5 };

describe('bounds of a JSON text', () => {
  it.each([
    ['[1,2,3,4]', undefined],
    ['[1,2,3,4,5]', 'items'],
    ['{"a":1,"b":2,"c":3,"d":4,"e":5}', 'items'],
    ['[[1],[1]]', undefined],
    ['[[1,2],[1]]', 'items'],
    ['[[],[],[]]', 'items'],
    ['["12345"]', undefined],
    ['["123456"]', 'length'],
    ['{"123456":1}', 'length'],
    ['["\\\\\\"","[[[[","a,b,c"]', undefined],
    ['[[[1]]]', undefined],
    ['[[[[1]]]]', 'depth'],
  ])('holds %s to them: %s', (text, excess) => {
    expect(jsonExcess(text, BOUNDS)).toBe(excess);
  });

  it('leaves the depth of what is small to who reads it', () => {
    expect(jsonExcess('[[[[]]]]', { ...BOUNDS, items: 1000, length: 1000 })).toBeUndefined();
    expect(jsonExcess('['.repeat(70_000), { ...BOUNDS, items: 1000, length: 1000 })).toBe('depth');
  });

  it('ends for any text, JSON or not', () => {
    const part = fc.constantFrom('"', '\\', '[', ']', '{', '}', ',', 'a', ' ', '\\"', '\\\\');
    fc.assert(
      fc.property(fc.array(part, { maxLength: 60 }), (parts) => {
        const excess = jsonExcess(parts.join(''), BOUNDS);
        expect([undefined, 'depth', 'items', 'length']).toContain(excess);
      }),
    );
  });

  it('agrees with what the parsed value has', () => {
    /** All items and the longest string. */
    const measure = (value: unknown): { items: number; length: number } => {
      if (typeof value === 'string') return { items: 0, length: JSON.stringify(value).length - 2 };
      if (typeof value !== 'object' || value === null) return { items: 0, length: 0 };
      const parts = Array.isArray(value) ? value : [...Object.keys(value), ...Object.values(value)];
      const inner = parts.map(measure);
      const items = Array.isArray(value) ? value.length : Object.keys(value).length;
      return {
        items: Math.max(1, items) + inner.reduce((sum, each) => sum + each.items, 0),
        length: Math.max(0, ...inner.map((each) => each.length)),
      };
    };
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        const text = JSON.stringify(value);
        const { items, length } = measure(value);
        const excess = jsonExcess(text, { ...BOUNDS, depth: 1000 });
        expect(excess !== undefined).toBe(items > BOUNDS.items || length > BOUNDS.length);
      }),
    );
  });
});

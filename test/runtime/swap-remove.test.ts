import { describe, expect, it } from 'vitest';
import { swapRemove } from '../../runtime/swap-remove.ts';

describe('swapRemove', () => {
  it('takes out one item wherever it is, and nothing where it is not', () => {
    const items = ['a', 'b', 'c'];
    expect(swapRemove(items, 'a')).toBe(true);
    expect(items.toSorted()).toEqual(['b', 'c']);
    expect(swapRemove(items, 'a')).toBe(false);
    expect(swapRemove(items, items.at(-1)!)).toBe(true);
    expect(items).toHaveLength(1);
    expect(swapRemove(items, items[0]!)).toBe(true);
    expect(items).toEqual([]);
    expect(swapRemove(items, 'a')).toBe(false);
  });
});

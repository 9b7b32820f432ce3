import { describe, expect, it } from 'vitest';
import { type Placed, place, removeAt, swapRemove } from '../../runtime/swap-remove.ts';

describe('swapRemove', () => {
  it('takes out one item wherever it is, and nothing where it is not', () => {
    const items: Placed[] = [];
    const [a, b, c] = [{ place: -1 }, { place: -1 }, { place: -1 }];
    for (const item of [a, b, c]) place(items, item);
    expect(swapRemove(items, a)).toBe(true);
    expect(new Set(items)).toEqual(new Set([b, c]));
    expect(swapRemove(items, a)).toBe(false);
    expect(swapRemove(items, items.at(-1)!)).toBe(true);
    expect(items).toHaveLength(1);
    expect(swapRemove(items, items[0]!)).toBe(true);
    expect(items).toEqual([]);
    place(items, a);
    expect(items[0]).toBe(a);
    for (const item of [b, c]) expect(swapRemove(items, item)).toBe(false);
  });
});

describe('removeAt', () => {
  it('takes out one item and leaves the others in their order', () => {
    const items = ['a', 'b', 'c', 'd'];
    removeAt(items, 1);
    expect(items).toEqual(['a', 'c', 'd']);
    removeAt(items, 2);
    removeAt(items, -1);
    expect(items).toEqual(['a', 'c']);
    removeAt(items, 0);
    removeAt(items, 0);
    expect(items).toEqual([]);
  });
});

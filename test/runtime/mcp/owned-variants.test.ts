import { describe, expect, it } from 'vitest';
import { OwnedVariants } from '../../../runtime/mcp/owned-variants.ts';

describe('variants that several owners make', () => {
  it('go by last use, those that were used again staying', () => {
    const variants = new OwnedVariants<number>(3, 3);
    for (const value of [1, 2, 3]) variants.add(`owner-${value}`, `key-${value}`, value);
    expect(variants.use('key-1')).toBe(1);
    expect(variants.add('owner-4', 'key-4', 4)).toBe(2);
    expect(['key-1', 'key-2', 'key-3', 'key-4'].map((key) => variants.use(key))).toEqual([
      1,
      undefined,
      3,
      4,
    ]);
  });

  it('go from among an owner’s own once it has its share, however many it makes', () => {
    const variants = new OwnedVariants<string>(10, 4);
    for (const key of ['a', 'b', 'c']) variants.add('quiet', key, key);
    const gone = Array.from({ length: 1000 }, (_, at) => variants.add('greedy', `greedy-${at}`, `${at}`));
    expect(gone.slice(0, 6)).toEqual([undefined, undefined, undefined, undefined, '0', '1']);
    expect(['a', 'b', 'c'].map((key) => variants.use(key))).toEqual(['a', 'b', 'c']);
    expect(variants.use('greedy-995')).toBeUndefined();
    expect(variants.use('greedy-996')).toBe('996');
  });

  it('leave room again for an owner whose own went for others', () => {
    const variants = new OwnedVariants<number>(2, 2);
    variants.add('first', 'a', 1);
    variants.add('first', 'b', 2);
    expect(variants.add('second', 'c', 3)).toBe(1);
    expect(variants.add('second', 'd', 4)).toBe(2);
    expect(variants.add('first', 'e', 5)).toBe(3);
    expect(variants.add('first', 'f', 6)).toBe(4);
    expect(variants.add('first', 'g', 7)).toBe(5);
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TokenCache } from '../../../runtime/identity/token-cache.ts';

describe('the token cache', () => {
  test('forgets what was not asked for, and keeps what was', () => {
    const cache = new TokenCache<number>(20);
    cache.set('kept', 0, 1);
    for (let count = 1; count <= 100; count++) {
      cache.set(`passing-${count}`, count, 1);
      expect(cache.get('kept')).toBe(0);
    }
    expect(cache.get('passing-1')).toBeUndefined();
    expect(cache.get('passing-100')).toBe(100);
  });

  test('holds nothing that is heavier than half of it', () => {
    const cache = new TokenCache<string>(20);
    cache.set('light', 'x', 10);
    cache.set('heavy', 'x', 11);
    expect(cache.get('heavy')).toBeUndefined();
    expect(cache.get('light')).toBe('x');
  });

  test('replaces the value of a key, in whichever half it is', () => {
    const cache = new TokenCache<number>(4);
    cache.set('a', 1, 1);
    cache.set('a', 2, 2);
    cache.set('b', 1, 1);
    expect(cache.get('a')).toBe(2);
    cache.set('a', 3, 1);
    expect(cache.get('a')).toBe(3);
    expect(cache.size).toBe(2);
  });

  test('never holds more than its weight, never a wrong value, and nothing once it is cleared', () => {
    const step = fc.record({ key: fc.integer({ min: 0, max: 30 }), weight: fc.integer({ min: 1, max: 12 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const cache = new TokenCache<{ key: string; weight: number }>(24);
        const keys = Array.from({ length: 31 }, (_, key) => String(key));
        for (const { key, weight } of steps) {
          cache.set(String(key), { key: String(key), weight }, weight);
          const held = keys.map((name) => cache.get(name)).filter((value) => value !== undefined);
          expect(held.length).toBeLessThanOrEqual(24);
        }
        for (const name of keys) expect(cache.get(name)?.key ?? name).toBe(name);
        cache.clear();
        expect(keys.every((name) => cache.get(name) === undefined)).toBe(true);
        expect(cache.size).toBe(0);
      }),
    );
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRateLimiter } from '../../../runtime/traffic/rate.ts';
import { rateNode } from './rate-node.ts';

describe('a rate limiter', () => {
  test('lets the burst through at once and then one for each interval', () => {
    const limiter = createRateLimiter(rateNode());
    for (let index = 0; index < 10; index += 1) {
      expect(limiter.take('a', 1000)).toEqual({
        allowed: true,
        remaining: 9 - index,
        resetAfterMs: (index + 1) * 100,
        retryAfterMs: 0,
      });
    }
    expect(limiter.take('a', 1000)).toEqual({
      allowed: false,
      remaining: 0,
      resetAfterMs: 1000,
      retryAfterMs: 100,
    });
    expect(limiter.take('a', 1099)).toMatchObject({ allowed: false, retryAfterMs: 1 });
    expect(limiter.take('a', 1100).allowed).toBe(true);
    expect(limiter.take('a', 1100).allowed).toBe(false);
  });

  test('a refused request costs nothing', () => {
    const limiter = createRateLimiter(rateNode({ burst: 1 }));
    limiter.take('a', 0);
    for (let index = 0; index < 100; index += 1) limiter.take('a', 50);
    expect(limiter.take('a', 100).allowed).toBe(true);
  });

  test('keys are counted apart', () => {
    const limiter = createRateLimiter(rateNode({ burst: 1 }));
    expect(limiter.take('a', 0).allowed).toBe(true);
    expect(limiter.take('b', 0).allowed).toBe(true);
    expect(limiter.take('a', 0).allowed).toBe(false);
  });

  test('waiting for as long as it says is enough, and no less is', () => {
    fc.assert(
      fc.property(
        fc.record({
          count: fc.integer({ min: 1, max: 1000 }),
          periodMs: fc.constantFrom(1000, 60_000, 3_600_000),
          burst: fc.integer({ min: 1, max: 50 }),
        }),
        (changes) => {
          const limiter = createRateLimiter(rateNode(changes));
          for (let index = 0; index < changes.burst; index += 1) limiter.take('a', 0);
          const { allowed, retryAfterMs } = limiter.take('a', 0);
          expect(allowed).toBe(false);
          const waitMs = Math.ceil(retryAfterMs);
          if (waitMs > 1) expect(limiter.take('a', waitMs - 1).allowed).toBe(false);
          expect(limiter.take('a', waitMs).allowed).toBe(true);
        },
      ),
    );
  });

  test('in no span of t do more than burst + floor(rate × t) pass, and a patient caller is never refused', () => {
    fc.assert(
      fc.property(
        fc.record({
          count: fc.integer({ min: 1, max: 5000 }),
          periodMs: fc.constantFrom(1000, 60_000, 3_600_000, 86_400_000),
          burst: fc.integer({ min: 1, max: 20 }),
        }),
        fc.array(fc.integer({ min: 0, max: 5000 }), { minLength: 1, maxLength: 80 }),
        (changes, gapsMs) => {
          const limiter = createRateLimiter(rateNode(changes));
          const passedMs: number[] = [];
          let nowMs = 1_790_000_000_000;
          for (const gapMs of gapsMs) {
            nowMs += gapMs;
            if (limiter.take('a', nowMs).allowed) passedMs.push(nowMs);
          }
          for (let from = 0; from < passedMs.length; from += 1) {
            for (let to = from; to < passedMs.length; to += 1) {
              const spanMs = passedMs[to]! - passedMs[from]!;
              const most = changes.burst + Math.floor((spanMs * changes.count) / changes.periodMs);
              expect(to - from + 1).toBeLessThanOrEqual(most);
            }
          }
          const intervalMs = Math.ceil(changes.periodMs / changes.count);
          nowMs += intervalMs * changes.burst;
          for (let index = 0; index < 20; index += 1) {
            expect(limiter.take('a', nowMs).allowed).toBe(true);
            nowMs += intervalMs;
          }
        },
      ),
    );
  });

  test('time that steps back neither refuses for as long nor lets more through', () => {
    const limiter = createRateLimiter(rateNode({ burst: 1 }));
    expect(limiter.take('a', 1_000_000).allowed).toBe(true);
    expect(limiter.take('a', 0).allowed).toBe(false);
    expect(limiter.take('a', 99).allowed).toBe(false);
    expect(limiter.take('a', 100).allowed).toBe(true);
  });
});

describe('its memory', () => {
  test('keys whose bucket is full again are forgotten as new ones come', () => {
    const limiter = createRateLimiter(rateNode({ burst: 1 }));
    for (let index = 0; index < 200_000; index += 1) limiter.take(`key-${index}`, index);
    expect(limiter.size).toBeLessThan(1000);
  });

  test('a flood of new keys is refused at the bound, and those that are known are still counted', () => {
    const limiter = createRateLimiter(rateNode({ burst: 2 }), 1000);
    for (let index = 0; index < 100_000; index += 1) {
      expect(limiter.take(`key-${index}`, 0).allowed).toBe(index < 1000);
    }
    expect(limiter.size).toBe(1000);
    expect(limiter.take('key-1', 0).allowed).toBe(true);
    expect(limiter.take('key-1', 0).allowed).toBe(false);
    expect(limiter.take('new', 0)).toMatchObject({ allowed: false, retryAfterMs: 100 });
    expect(limiter.take('new', 300).allowed).toBe(true);
  });

  test('long keys are told apart, though only a digest is kept', () => {
    const limiter = createRateLimiter(rateNode({ burst: 1 }));
    const long = 'x'.repeat(100_000);
    expect(limiter.take(`${long}a`, 0).allowed).toBe(true);
    expect(limiter.take(`${long}b`, 0).allowed).toBe(true);
    expect(limiter.take(`${long}a`, 0).allowed).toBe(false);
  });
});

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createRateLimiter } from '../../../runtime/traffic/rate.ts';
import { createSharedRateLimiter, rateMemory } from '../../../runtime/traffic/shared-rate.ts';
import { rateNode } from './rate-node.ts';
import { takenBy } from './taking-thread.ts';

test('threads that race for the same keys are let through exactly as often as one would be', async () => {
  const memory = rateMemory();
  const keys = Array.from({ length: 20 }, (_, index) => `caller-${index}`);
  const slow = rateNode({ count: 1, periodMs: 86_400_000, burst: 500 });
  const passed = await Promise.all(
    [1, 2, 3, 4].map((holder) => takenBy('taker', { node: slow, memory, holder, keys, times: 400 })),
  );
  for (const key of keys)
    expect(
      passed.reduce((sum, each) => sum + each[key]!, 0),
      key,
    ).toBe(500);
}, 240_000);

describe('a shared limit', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test('says the same as one that is not shared, request by request', () => {
    const shared = createSharedRateLimiter(rateNode(), rateMemory(), 1);
    const own = createRateLimiter(rateNode());
    for (let step = 0; step < 500; step += 1) {
      const key = `key-${step % 3}`;
      expect(shared.take(key, 0)).toEqual(own.take(key, performance.now()));
      vi.advanceTimersByTime((step * 7) % 60);
    }
  });

  test('two threads see what the other has counted', () => {
    const memory = rateMemory();
    const [one, other] = [1, 2].map((holder) =>
      createSharedRateLimiter(rateNode({ burst: 3 }), memory, holder),
    );
    expect(one!.take('a', 0).remaining).toBe(2);
    expect(other!.take('a', 0).remaining).toBe(1);
    expect(one!.take('a', 0).remaining).toBe(0);
    expect(other!.take('a', 0).allowed).toBe(false);
    expect(other!.take('b', 0).allowed).toBe(true);
  });

  test('keys whose bucket is full again make room for new ones', () => {
    const limiter = createSharedRateLimiter(rateNode({ burst: 1 }), rateMemory(), 1);
    for (let index = 0; index < 50_000; index += 1) {
      expect(limiter.take(`key-${index}`, 0).allowed).toBe(true);
      vi.advanceTimersByTime(1);
    }
    expect(limiter.size).toBeLessThanOrEqual(101);
  });

  test('a million keys are counted apart, in memory that is bounded', () => {
    const limiter = createSharedRateLimiter(rateNode({ burst: 1 }), rateMemory(), 1);
    const before = process.memoryUsage.rss();
    for (let index = 0; index < 1_000_000; index += 1)
      if (!limiter.take(`key-${index}`, 0).allowed) throw new Error(`key ${index} was refused`);
    expect(limiter.size).toBe(1_000_000);
    expect(process.memoryUsage.rss() - before).toBeLessThan(160 * 1024 * 1024);
    for (let index = 0; index < 1_000_000; index += 1000)
      expect(limiter.take(`key-${index}`, 0).allowed).toBe(false);
  }, 240_000);
});

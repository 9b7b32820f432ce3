import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { monotonicMs } from '../../../runtime/state/monotonic.ts';
import { type Fill, Fullest, readFills } from '../../../runtime/traffic/fill.ts';
import { Quota } from '../../../runtime/traffic/quota.ts';
import { SeenKeys, seenKeysId, seenKeysMemory } from '../../../runtime/traffic/seen-keys.ts';
import { createSharedRateLimiter, rateMemory } from '../../../runtime/traffic/shared-rate.ts';
import { filledMemory } from '../../../runtime/workers/filled-memory.ts';
import type { CountingLimitNode, QuotaLimitNode, RateLimitNode } from '../../../schema/graph/limit.ts';

const limit = { kind: 'limit', name: 'it', key: ['principal.id'] } as const;
const rate: RateLimitNode = { ...limit, type: 'rate', count: 1, periodMs: 3_600_000, burst: 10 };
const quota: QuotaLimitNode = { ...limit, type: 'quota', count: 4, windowMs: 365 * 86_400_000 };

/** What counts as a store would. */
const counterOf = (node: CountingLimitNode) => {
  if (node.type === 'rate') {
    const limiter = createSharedRateLimiter(node, rateMemory(), 1);
    return { counter: limiter, filled: limiter };
  }
  const filled = new Quota(node.windowMs);
  return { counter: filled.counter(node.count), filled };
};

const partsOf = ({ keys, fullest }: Fill) => ({ keys, used: fullest.map(({ used }) => used) });

describe('what was seen of keys', () => {
  it.each([rate, quota])(
    'of a $type tells what tells who counts, however often each key came',
    async (node) => {
      const calls = fc.array(fc.constantFrom('ann', 'bob', 'eve', 'kim', 'lee', 'sue', ''), {
        maxLength: 60,
      });
      await fc.assert(
        fc.asyncProperty(calls, async (keys) => {
          const { counter, filled } = counterOf(node);
          const seen = new SeenKeys();
          for (const key of keys) seen.see(node, key, counter.take(key, Date.now()), monotonicMs());
          const [counted, told] = [
            (await readFills({ it: node }, [], () => filled)).it!,
            (await readFills({ it: node }, [], () => seen)).it!,
          ];
          expect(partsOf(told)).toEqual(partsOf(counted));
        }),
      );
    },
  );

  it.each([rate, quota])(
    'of a $type, asked by threads at the same time, is the fullest, in whatever order they hear of it',
    async (node) => {
      const orders = fc.shuffledSubarray([1, 2, 3, 4], { minLength: 4 });
      await fc.assert(
        fc.asyncProperty(orders, async (order) => {
          const { counter } = counterOf(node);
          const memory = seenKeysMemory();
          const threads = [new SeenKeys(memory, 1), new SeenKeys(memory, 2)];
          const askedMs = monotonicMs();
          const verdicts = order.map(() => counter.take('', Date.now()));
          for (const nth of order) threads[nth % 2]!.see(node, '', verdicts[nth - 1]!, askedMs);
          const told = (await readFills({ it: node }, [], () => new SeenKeys(memory))).it!;
          expect(told.fullest[0]!.used).toBeCloseTo(node.type === 'rate' ? 0.4 : 1, 3);
        }),
      );
    },
  );

  it('is what was said last, however full it was before, where the one was heard before the other was asked for', () => {
    const seen = new SeenKeys();
    const verdict = { allowed: true, resetAfterMs: 60_000, retryAfterMs: 0 };
    seen.see(quota, 'ann', { ...verdict, remaining: 0 }, monotonicMs());
    seen.see(quota, 'ann', { ...verdict, remaining: 3 }, monotonicMs());
    const fullest = new Fullest();
    for (const _ of seen.fill(quota, fullest));
    expect(fullest.told(new Map())).toMatchObject({ keys: 1, fullest: [{ used: 0.25 }] });
  });

  it('is told of all threads together, and names the only key there is', async () => {
    const memory = seenKeysMemory();
    const { counter } = counterOf(quota);
    for (const holder of [1, 2])
      new SeenKeys(memory, holder).see(quota, '', counter.take('', Date.now()), monotonicMs());
    const told = await readFills({ it: { ...quota, key: [] } }, [], (node) =>
      filledMemory(node, { [seenKeysId('it')]: memory }),
    );
    expect(told.it).toEqual({ keys: 1, fullest: [{ key: 'all', used: 0.5 }] });
  });

  it('ends when the window does, or the bucket is full again', () => {
    const seen = new SeenKeys();
    const verdict = { allowed: true, remaining: 0, retryAfterMs: 0 };
    seen.see(quota, 'ann', { ...verdict, resetAfterMs: 60_000 }, monotonicMs());
    seen.see(quota, 'bob', { ...verdict, resetAfterMs: 0 }, monotonicMs());
    seen.see(quota, 'eve', { ...verdict, resetAfterMs: 60_000 }, monotonicMs());
    seen.see(quota, 'eve', { ...verdict, resetAfterMs: 0 }, monotonicMs());
    const fullest = new Fullest();
    for (const _ of seen.fill(quota, fullest));
    expect(fullest.told(new Map())).toMatchObject({ keys: 1, fullest: [{ used: 1 }] });
  });

  it('is bounded: a flood of keys takes no more than its memory, and fails nothing', () => {
    const seen = new SeenKeys();
    const verdict = { allowed: true, remaining: 3, resetAfterMs: 3_600_000, retryAfterMs: 0 };
    for (let key = 0; key < 200_000; key += 1) seen.see(quota, `key ${key}`, verdict, monotonicMs());
    const fullest = new Fullest();
    for (const _ of seen.fill(quota, fullest));
    const { keys } = fullest.told(new Map());
    expect(keys).toBeGreaterThan(100_000);
    expect(keys).toBeLessThanOrEqual(131_072);
  });
});

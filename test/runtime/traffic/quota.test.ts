import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Quota, quotaCountId, quotaMemory } from '../../../runtime/traffic/quota.ts';
import type { QuotaLimitNode } from '../../../schema/graph/limit.ts';
import { takenBy } from './taking-thread.ts';

const MINUTE_MS = 60_000;
/** A moment at which a window of a minute, and of a day, begins. */
const MIDNIGHT_MS = Date.UTC(2026, 10, 20);

describe('a quota', () => {
  beforeEach(() => void vi.useFakeTimers({ now: MIDNIGHT_MS + 15_000 }));
  afterEach(() => void vi.useRealTimers());

  test('lets through exactly as many as it says in each window, and begins anew with the next', () => {
    const counter = new Quota(MINUTE_MS).counter(3);
    for (const remaining of [2, 1, 0])
      expect(counter.take('a', Date.now())).toEqual({
        allowed: true,
        remaining,
        resetAfterMs: 45_000,
        retryAfterMs: 0,
      });
    expect(counter.take('a', Date.now())).toEqual({
      allowed: false,
      remaining: 0,
      resetAfterMs: 45_000,
      retryAfterMs: 45_000,
    });
    vi.advanceTimersByTime(44_999);
    expect(counter.take('a', Date.now())).toMatchObject({ allowed: false, retryAfterMs: 1 });
    vi.advanceTimersByTime(1);
    expect(counter.take('a', Date.now())).toMatchObject({ allowed: true, remaining: 2 });
  });

  test('of a day begins at midnight UTC, whenever its first call came', () => {
    const counter = new Quota(86_400_000).counter(1);
    vi.setSystemTime(MIDNIGHT_MS + 86_399_000);
    expect(counter.take('a', Date.now()).allowed).toBe(true);
    expect(counter.take('a', Date.now())).toMatchObject({ allowed: false, retryAfterMs: 1000 });
    vi.advanceTimersByTime(1000);
    expect(counter.take('a', Date.now()).allowed).toBe(true);
  });

  test('is looked at without being used', () => {
    const counter = new Quota(MINUTE_MS).counter(1);
    for (let look = 0; look < 5; look += 1)
      expect(counter.peek('a', Date.now())).toMatchObject({ allowed: true, remaining: 1 });
    counter.take('a', Date.now());
    expect(counter.peek('a', Date.now())).toMatchObject({ allowed: false, remaining: 0 });
  });

  test('takes what a call costs, and nothing of one that costs more than is left', () => {
    const counter = new Quota(MINUTE_MS).counter(10);
    expect(counter.take('a', Date.now(), 7).remaining).toBe(3);
    expect(counter.take('a', Date.now(), 4)).toMatchObject({ allowed: false, remaining: 3 });
    expect(counter.take('a', Date.now(), 3)).toMatchObject({ allowed: true, remaining: 0 });
  });

  test('comes twice to nobody because a clock is set back, and keeps nobody out for it either', () => {
    const counter = new Quota(MINUTE_MS).counter(1);
    expect(counter.take('a', Date.now()).allowed).toBe(true);
    vi.setSystemTime(MIDNIGHT_MS - 10 * 86_400_000);
    expect(counter.take('a', Date.now())).toMatchObject({ allowed: false, retryAfterMs: 45_000 });
    vi.advanceTimersByTime(45_000);
    expect(counter.take('a', Date.now()).allowed).toBe(true);
  });

  test('that lets more through from now on remembers what was counted', () => {
    const quota = new Quota(MINUTE_MS);
    expect(quota.counter(2).take('a', Date.now(), 2).allowed).toBe(true);
    expect(quota.counter(5).take('a', Date.now(), 3)).toMatchObject({ allowed: true, remaining: 0 });
    expect(quota.counter(2).take('a', Date.now())).toMatchObject({ allowed: false, remaining: 0 });
  });

  test('forgets keys of windows that are over when others need their room', () => {
    const quota = new Quota(1000);
    for (let index = 0; index < 20_000; index += 1) {
      expect(quota.counter(1).take(`key-${index}`, Date.now()).allowed).toBe(true);
      vi.advanceTimersByTime(1);
    }
    expect(quota.size).toBeLessThanOrEqual(1000);
  });

  test('does what a plain model does, whatever is asked of it and however clocks go', () => {
    const step = fc.record({
      key: fc.constantFrom('a', 'b', 'c'),
      cost: fc.integer({ min: 1, max: 4 }),
      waitMs: fc.constantFrom(0, 0, 1, 500, 999, 1000, 3000),
      setBackMs: fc.constantFrom(0, 0, 0, 0, 2500),
    });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), fc.array(step, { maxLength: 60 }), (count, steps) => {
        const quota = new Quota(1000);
        const used = new Map<string, number>();
        // The model has a clock that nobody sets back.
        let now = Number.NEGATIVE_INFINITY;
        for (const { key, cost, waitMs, setBackMs } of steps) {
          vi.setSystemTime(Date.now() - setBackMs);
          vi.advanceTimersByTime(waitMs);
          now = Math.max(now + waitMs, Date.now());
          const name = `${key}:${Math.floor(now / 1000)}`;
          const before = used.get(name) ?? 0;
          const allowed = before + cost <= count;
          if (allowed) used.set(name, before + cost);
          const left = count - before - (allowed ? cost : 0);
          const verdict = quota.counter(count).take(key, Date.now(), cost);
          expect(verdict).toMatchObject({ allowed, remaining: left });
        }
      }),
    );
  });
});

test('quotas count the same as long as window and key are the same', () => {
  const node = (changes: Partial<QuotaLimitNode>): QuotaLimitNode => ({
    kind: 'limit',
    type: 'quota',
    name: 'monthly',
    count: 10,
    windowMs: 1000,
    key: ['principal.id'],
    ...changes,
  });
  const id = quotaCountId(node({}));
  expect(quotaCountId(node({ count: 20, tools: ['a'], cost: { '*': 2 } }))).toBe(id);
  expect(quotaCountId(node({ windowMs: 2000 }))).not.toBe(id);
  expect(quotaCountId(node({ key: [] }))).not.toBe(id);
});

test('threads that race for the same keys are let through exactly as often as the quota says', async () => {
  const memory = quotaMemory();
  const keys = Array.from({ length: 10 }, (_, index) => `caller-${index}`);
  const windowMs = 3650 * 86_400_000;
  const passed = await Promise.all(
    [1, 2, 3].map((holder) =>
      takenBy('quota-taker', { windowMs, count: 500, memory, holder, keys, times: 400 }),
    ),
  );
  for (const key of keys)
    expect(
      passed.reduce((sum, each) => sum + each[key]!, 0),
      key,
    ).toBe(500);
}, 60_000);

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RETRY_BUDGET_BYTES, RetryBudget } from '../../../runtime/traffic/retry-budget.ts';
import { takenBy } from './taking-thread.ts';

type Step = { readonly kind: 'call' | 'spend' } | { readonly kind: 'wait'; readonly ms: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.constant({ kind: 'call' } as const),
  fc.constant({ kind: 'spend' } as const),
  fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(3000) }),
);

describe('the budget of retries', () => {
  it('is never more than its share of the calls, ten and one a second, over any stretch of time', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.array(step, { maxLength: 200 }),
        (ratio, steps) => {
          let nowMs = 1000;
          const budget = new RetryBudget(ratio, { nowMs: () => nowMs });
          let [calls, spent] = [0, 0];
          for (const each of steps) {
            if (each.kind === 'wait') nowMs += each.ms;
            else if (each.kind === 'call') {
              budget.earn();
              calls += 1;
            } else {
              const { affords } = budget;
              const granted = budget.spend();
              expect(granted).toBe(affords);
              if (granted) spent += 1;
            }
            expect(spent).toBeLessThanOrEqual(10 + ratio * calls + (nowMs - 1000) / 1000 + 1e-6);
          }
        },
      ),
    );
  });

  it('lets a storm of failures through once, and then its share alone', () => {
    const budget = new RetryBudget(0.2, { nowMs: () => 0 });
    let granted = 0;
    for (let call = 0; call < 1000; call += 1) {
      budget.earn();
      if (budget.spend()) granted += 1;
    }
    expect(granted).toBeGreaterThanOrEqual(200);
    expect(granted).toBeLessThanOrEqual(210);
  });

  it('fills again with time alone, up to ten', () => {
    let nowMs = 0;
    const budget = new RetryBudget(0, { nowMs: () => nowMs });
    const spendAll = (): number => {
      let times = 0;
      while (budget.spend()) times += 1;
      return times;
    };
    expect(spendAll()).toBe(10);
    nowMs = 3000;
    expect(spendAll()).toBe(3);
    nowMs = 1e9;
    expect(spendAll()).toBe(10);
  });

  it('is spent by threads together, to the last attempt', async () => {
    const memory = new SharedArrayBuffer(RETRY_BUDGET_BYTES);
    const [threads, calls, ratio] = [4, 20_000, 0.25];
    const taken = await Promise.all(
      Array.from({ length: threads }, () => takenBy('retrier', { ratio, memory, calls })),
    );
    const budget = new RetryBudget(ratio, { memory, nowMs: () => 1 });
    let retries = taken.reduce((sum, each) => sum + each.retries!, 0);
    while (budget.spend()) retries += 1;
    expect(retries).toBe(10 + threads * calls * ratio);
  }, 60_000);

  it('is counted on by a thread whose clock is a little behind', () => {
    const memory = new SharedArrayBuffer(RETRY_BUDGET_BYTES);
    const [ahead, behind] = [5000, 4999].map((ms) => new RetryBudget(0, { memory, nowMs: () => ms }));
    let times = 0;
    while (ahead!.spend()) times += 1;
    while (behind!.spend() || ahead!.spend()) times += 1;
    expect(times).toBe(10);
  });
});

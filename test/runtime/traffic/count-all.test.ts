import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StateStore } from '../../../runtime/state/state-store.ts';
import { type Counted, type Counter, countAll } from '../../../runtime/traffic/count-all.ts';
import { Quota, quotaMemory } from '../../../runtime/traffic/quota.ts';
import { createRateLimiter } from '../../../runtime/traffic/rate.ts';
import { SeenKeys } from '../../../runtime/traffic/seen-keys.ts';
import { createSharedRateLimiter, rateMemory } from '../../../runtime/traffic/shared-rate.ts';
import type { QuotaLimitNode, RateLimitNode } from '../../../schema/graph/limit.ts';
import { MemoryTable, storeOf } from '../../support/memory-table.ts';

const rate = (name: string, burst: number): RateLimitNode => ({
  kind: 'limit',
  type: 'rate',
  name,
  count: 1,
  periodMs: 86_400_000,
  burst,
  key: [],
});

const limits = (store?: StateStore): Counted[] =>
  [rate('wide', 10), rate('narrow', 2)].map((node) => {
    const local = createRateLimiter(node);
    const counter: Counter = store === undefined ? local : { store, local, seen: new SeenKeys() };
    return { node, counter, key: 'ann', cost: 1 };
  });

/** What five requests are told: whether they pass, and what is left. */
const five = async (both: readonly Counted[]) => {
  const told: unknown[] = [];
  for (let at = 0; at < 5; at += 1)
    told.push(
      (await countAll(both, 0)).map(({ allowed, remaining }) => `${allowed} ${remaining}`).join(', '),
    );
  return told;
};

const REFUSED = 'true 8, false 0';
const EXPECTED = ['true 9, true 1', 'true 8, true 0', REFUSED, REFUSED, REFUSED];

describe('countAll', () => {
  it('counts on all limits, and on none where one refuses', async () => {
    expect(await five(limits())).toEqual(EXPECTED);
  });

  it('does the same for itself while the store is away', async () => {
    expect(await five(limits(storeOf(new MemoryTable(), 'local')))).toEqual(EXPECTED);
  });

  it('rejects while the store is away and must be asked', async () => {
    await expect(countAll(limits(storeOf(new MemoryTable())), 0)).rejects.toMatchObject({
      code: 'state_unavailable',
    });
  });
});

describe('threads that count on several limits', () => {
  const THREADS = 3;
  let workers: Worker[];

  beforeAll(() => {
    workers = Array.from(
      { length: THREADS },
      (_, at) =>
        new Worker(new URL('./fixtures/all-taker.ts', import.meta.url), {
          workerData: { holder: at + 1, threads: THREADS },
        }),
    );
  });
  afterAll(async () => {
    await Promise.all(workers.map((worker) => worker.terminate()));
  });

  it('[RATE-01] pass exactly what both let through, and what one refuses takes nothing of the other', async () => {
    const ask = fc.tuple(fc.constantFrom('ann', 'bob'), fc.constantFrom('acme', 'globex'));
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 200 }),
        fc.integer({ min: 1, max: 200 }),
        fc.array(ask, { minLength: 1, maxLength: 20 }),
        async (burst, count, round) => {
          const slow = rate('slow', burst);
          const monthly: QuotaLimitNode = {
            ...{ kind: 'limit', type: 'quota', name: 'monthly', key: [] },
            count,
            windowMs: 3650 * 86_400_000,
          };
          const memories = { rate: rateMemory(), quota: quotaMemory(), ready: new SharedArrayBuffer(4) };
          const asks = Array.from({ length: 300 }, (_, at) => round[at % round.length]!);
          const told = await Promise.all(
            workers.map(async (worker) => {
              worker.postMessage({ rate: slow, quota: monthly, memories, asks });
              return (await once(worker, 'message'))[0] as readonly boolean[];
            }),
          );
          const left = [
            createSharedRateLimiter(slow, memories.rate, 9),
            new Quota(monthly.windowMs, memories.quota, 9).counter(count),
          ] as const;
          const passed = (limit: 0 | 1, key: string): number =>
            told.flatMap((each) => each.filter((isPassed, at) => isPassed && asks[at]![limit] === key))
              .length;
          const remaining = (limit: 0 | 1, key: string): number => left[limit].peek(key, 0).remaining;
          for (const [user, tenant] of round) {
            expect(passed(0, user) + remaining(0, user)).toBe(burst);
            expect(passed(1, tenant) + remaining(1, tenant)).toBe(count);
          }
          // Nobody was refused who could have passed.
          for (const each of told)
            for (const [at, isPassed] of each.entries())
              if (!isPassed) expect(Math.min(remaining(0, asks[at]![0]), remaining(1, asks[at]![1]))).toBe(0);
        },
      ),
      { numRuns: 40 },
    );
  }, 60_000);
});

it('takes nothing where a limit has no room for one more key', async () => {
  const [wide, full] = [rate('wide', 10), rate('full', 10)];
  const counters = [createRateLimiter(wide), createRateLimiter(full, 1)] as const;
  counters[1].take('first', 0);
  const both = [wide, full].map((node, at) => ({ node, counter: counters[at]!, key: 'next', cost: 1 }));
  const told = await countAll(both, 0);
  expect(told.map(({ allowed }) => allowed)).toEqual([true, false]);
  expect(counters[0].peek('next', 0).remaining).toBe(10);
});

import { describe, expect, it } from 'vitest';
import type { StateStore } from '../../../runtime/state/state-store.ts';
import { type Counted, type Counter, countAll } from '../../../runtime/traffic/count-all.ts';
import { createRateLimiter } from '../../../runtime/traffic/rate.ts';
import type { RateLimitNode } from '../../../schema/graph/limit.ts';
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
    const counter: Counter = store === undefined ? local : { store, local };
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

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RecentRefusals } from '../../../runtime/traffic/recent-refusals.ts';

describe('recent refusals', () => {
  it('are those of the last minute, to a second, whenever they are asked for', () => {
    const step = fc.record({ afterMs: fc.nat(40_000), limit: fc.constantFrom('one', 'other') });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        let nowMs = 0;
        const refusals = new RecentRefusals(() => nowMs);
        const all: { readonly atMs: number; readonly limit: string }[] = [];
        for (const { afterMs, limit } of steps) {
          nowMs += afterMs;
          refusals.add(limit);
          all.push({ atMs: nowMs, limit });
          const told = refusals.told();
          for (const name of ['one', 'other']) {
            const within = (ms: number) =>
              all.filter((each) => each.limit === name && each.atMs > nowMs - ms).length;
            expect(told[name] ?? 0).toBeGreaterThanOrEqual(within(59_000));
            expect(told[name] ?? 0).toBeLessThanOrEqual(within(60_000));
          }
        }
      }),
    );
  });

  it('are forgotten after a minute', () => {
    let nowMs = 5_000;
    const refusals = new RecentRefusals(() => nowMs);
    refusals.add('one');
    expect(refusals.told()).toEqual({ one: 1 });
    nowMs += 61_000;
    expect(refusals.told()).toEqual({});
  });
});

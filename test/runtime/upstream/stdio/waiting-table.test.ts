import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WaitingTable } from '../../../../runtime/upstream/stdio/waiting-table.ts';

/** Ids that are given out in turn, of which some stay for long; few of them, so that they come again. */
const idOf = fc.oneof(
  fc.integer({ min: 1, max: 600 }),
  fc.integer({ min: 1, max: 20 }).map((nth) => nth * 64),
  fc.integer({ min: 2 ** 31 - 40, max: 2 ** 31 + 40 }),
  fc.integer({ min: Number.MAX_SAFE_INTEGER - 20, max: Number.MAX_SAFE_INTEGER }),
);
const step = fc.record({ id: idOf, does: fc.constantFrom('set', 'set', 'delete') });

describe('WaitingTable', () => {
  it('holds what a Map would hold, in any order of coming and going', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 1_000 }), (steps) => {
        const table = new WaitingTable<object>();
        const map = new Map<number, object>();
        for (const { id, does } of steps) {
          const item = {};
          if (does === 'set') {
            table.set(id, item);
            map.set(id, item);
          } else {
            table.delete(id);
            map.delete(id);
          }
          expect(table.get(id)).toBe(map.get(id));
          expect(table.size).toBe(map.size);
        }
        for (const { id } of steps) expect(table.get(id)).toBe(map.get(id));
        expect(new Set(table.all())).toEqual(new Set(map.values()));
      }),
    );
  });

  it('finds all of many, and none once they have gone, while one stays', () => {
    const table = new WaitingTable<number>();
    table.set(7, 7);
    for (let id = 8; id < 5_000; id += 1) table.set(id, id);
    for (let id = 7; id < 5_000; id += 1) expect(table.get(id)).toBe(id);
    for (let id = 8; id < 5_000; id += 1) table.delete(id);
    expect(table.all()).toEqual([7]);
    for (let id = 8; id < 5_000; id += 1) expect(table.get(id)).toBeUndefined();
    expect(table.get(7)).toBe(7);
  });

  it.each([0, -0, -1, -64, 0.5, 1.5, 65, 2 ** 32 + 1, 1e300, Number.POSITIVE_INFINITY, -1e300])(
    'knows nothing of %d, which nobody sent',
    (id) => {
      const table = new WaitingTable<string>();
      table.set(1, 'one');
      table.set(64, 'sixty-four');
      expect(table.get(id)).toBeUndefined();
      table.delete(id);
      expect(table.size).toBe(2);
    },
  );
});

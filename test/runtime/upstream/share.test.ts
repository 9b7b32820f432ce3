import fc from 'fast-check';
import { expect, it } from 'vitest';
import { shareOf, whoHas } from '../../../runtime/upstream/share.ts';

it('leaves an eighth to others, and nothing where there is less than one', () => {
  expect([0, 1, 7, 8, 15, 16, 128, 10_000, Number.POSITIVE_INFINITY].map(shareOf)).toEqual([
    0,
    1,
    7,
    7,
    14,
    14,
    112,
    8750,
    Number.POSITIVE_INFINITY,
  ]);
});

it('finds who has its share, in whatever order, wherever that is more than half', () => {
  const callers = fc.array(fc.constantFrom('a', 'a', 'a', 'b', '', undefined), { maxLength: 40 });
  fc.assert(
    fc.property(callers, fc.nat({ max: 20 }), (used, more) => {
      const share = Math.floor(used.length / 2) + 1 + more;
      const counted = new Map<string, number>();
      for (const caller of used)
        if (caller !== undefined) counted.set(caller, (counted.get(caller) ?? 0) + 1);
      const found = [...counted].find(([, count]) => count >= share)?.[0];
      expect(
        whoHas(
          share,
          used.map((caller) => ({ caller })),
        ),
      ).toBe(found);
    }),
  );
});

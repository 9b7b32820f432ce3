import fc from 'fast-check';
import { expect, it } from 'vitest';
import { boundsFrom, endBounds } from '../../runtime/end-bounds.ts';

const node = fc
  .tuple(fc.nat(600_000), fc.nat(600_000))
  .map(([windowMs, deadlineMs]) => ({ windowMs, deadlineMs }));

it('cuts calls before the deadline, so that processes, the log and the exit have a tenth of it, and a second at most', () => {
  fc.assert(
    fc.property(node, (shutdown) => {
      const { deadlineMs } = shutdown;
      const { windowMs, cutMs, endMs, logMs } = endBounds(shutdown, undefined);
      const reserveMs = Math.min(1_000, deadlineMs / 10);
      expect(deadlineMs - cutMs).toBeCloseTo(reserveMs);
      expect(deadlineMs - endMs).toBeCloseTo(reserveMs / 2);
      expect(deadlineMs - logMs).toBeCloseTo(reserveMs / 4);
      expect(windowMs).toBe(Math.min(shutdown.windowMs, cutMs));
    }),
  );
});

it('goes by the time that a caller wants, but gives back what can be given back at once', () => {
  fc.assert(
    fc.property(node, fc.nat(60_000), (shutdown, wantedMs) => {
      const { windowMs, cutMs, endMs, logMs } = endBounds(shutdown, wantedMs);
      expect([windowMs, cutMs]).toEqual([Math.min(shutdown.windowMs, wantedMs), wantedMs]);
      expect(endMs).toBe(Math.max(wantedMs, 2_000));
      expect(logMs).toBe(endMs + 1_000);
    }),
  );
});

it('has a later part of the end at the same moments', () => {
  const bounds = { windowMs: 5_000, cutMs: 29_000, endMs: 29_500, logMs: 29_750 };
  const later = { windowMs: 5_000, cutMs: 19_000, endMs: 19_500, logMs: 19_750 };
  expect(boundsFrom(bounds, 10_000)).toEqual(later);
  expect(boundsFrom(bounds, 40_000)).toEqual({ windowMs: 5_000, cutMs: 0, endMs: 0, logMs: 0 });
});

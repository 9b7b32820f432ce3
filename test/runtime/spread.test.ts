import fc from 'fast-check';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { endSpread, stillIn } from '../../runtime/spread.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** When each end came, in milliseconds from the call. */
const moments = (count: number, windowMs: number): number[] => {
  const startedMs = performance.now();
  const came: number[] = [];
  const ends = Array.from({ length: count }, () => () => void came.push(performance.now() - startedMs));
  endSpread(ends, windowMs);
  vi.advanceTimersByTime(windowMs + 1);
  return came;
};

it('ends all within the window, however many', () => {
  fc.assert(
    fc.property(fc.nat(500), fc.nat(60_000), (count, windowMs) => {
      const came = moments(count, windowMs);
      expect(came).toHaveLength(count);
      for (const atMs of came) expect(atMs).toBeLessThanOrEqual(windowMs + 1);
    }),
    { numRuns: 50 },
  );
});

it('ends in no part of the window more than its share of thousands', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 250, max: 3_000 }),
      fc.integer({ min: 1_000, max: 5_000 }),
      (count, windowMs) => {
        const parts = 10;
        const partMs = windowMs / parts;
        const byPart = Array.from({ length: parts }, () => 0);
        for (const atMs of moments(count, windowMs))
          byPart[Math.min(parts - 1, Math.floor(atMs / partMs))]! += 1;
        // Timers are whole milliseconds: some at the edge of a part fall into its neighbour.
        const edge = 2 * Math.ceil(count / windowMs) + 2;
        if (windowMs / count <= 20)
          for (const ended of byPart) expect(ended).toBeLessThanOrEqual(count / parts + edge);
      },
    ),
    { numRuns: 30 },
  );
});

it('does not take the window for few: 20 ms for each', () => {
  expect(Math.max(...moments(5, 60_000))).toBeLessThanOrEqual(101);
});

it('ends at once where there is no window', () => {
  const end = vi.fn();
  endSpread([end, end], 0);
  expect(end).toHaveBeenCalledTimes(2);
});

it('leaves alone what has left its set meanwhile', () => {
  const [first, second] = [vi.fn(), vi.fn()];
  const ends = new Set([first, second]);
  endSpread(stillIn(ends), 1_000);
  ends.delete(second);
  vi.advanceTimersByTime(1_000);
  expect([first.mock.calls.length, second.mock.calls.length]).toEqual([1, 0]);
});

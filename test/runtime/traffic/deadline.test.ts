import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DeadlineWheel, type Timed } from '../../../runtime/traffic/deadline.ts';

class Entry implements Timed {
  deadlineMs = 0;
  deadlineSlot = -1;
  deadlineNext: Timed | undefined = undefined;
  deadlinePrevious: Timed | undefined = undefined;
  readonly #onDeadline: () => void;

  constructor(onDeadline: () => void) {
    this.#onDeadline = onDeadline;
  }

  onDeadline(): void {
    this.#onDeadline();
  }
}

/** A wheel whose clock the test moves, 7 ms at a time. */
const driven = () => {
  let nowMs = 0;
  const wheel = new DeadlineWheel(() => nowMs);
  const runTo = (untilMs: number): void => {
    while (nowMs < untilMs) {
      nowMs = Math.min(untilMs, nowMs + 7);
      wheel.sweep();
    }
  };
  return { wheel, runTo, now: () => nowMs };
};

describe('a deadline', () => {
  test('is met never early and at most a tick late, near and far', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 60_000 }), { maxLength: 60 }), (delaysMs) => {
        const { wheel, runTo, now } = driven();
        const late: number[] = [];
        for (const atMs of delaysMs) wheel.schedule(new Entry(() => late.push(now() - atMs)), atMs);
        runTo(60_100);
        expect(late).toHaveLength(delaysMs.length);
        for (const ms of late) {
          expect(ms).toBeGreaterThanOrEqual(0);
          expect(ms).toBeLessThan(20 + 7 + 20);
        }
        expect(wheel.size).toBe(0);
      }),
      { numRuns: 30 },
    );
  });

  test('can be taken back and moved', () => {
    const { wheel, runTo, now } = driven();
    const fired: number[] = [];
    const cancelled = new Entry(() => fired.push(-1));
    const moved = new Entry(() => fired.push(now()));
    wheel.schedule(cancelled, 100);
    wheel.schedule(moved, 100);
    runTo(90);
    wheel.cancel(cancelled);
    wheel.cancel(cancelled);
    wheel.schedule(moved, 300);
    runTo(290);
    expect(fired).toEqual([]);
    runTo(400);
    expect(fired).toHaveLength(1);
    expect(fired[0]).toBeGreaterThanOrEqual(300);
  });

  test('one that is met may take back or set others of the same moment', () => {
    const { wheel, runTo } = driven();
    const fired: string[] = [];
    const victim = new Entry(() => fired.push('victim'));
    const next = new Entry(() => fired.push('next'));
    const first = new Entry(() => {
      fired.push('first');
      wheel.cancel(victim);
      wheel.schedule(next, 140);
    });
    wheel.schedule(victim, 100);
    wheel.schedule(first, 100);
    runTo(200);
    expect(fired).toEqual(['first', 'next']);
  });

  test('is met after the process stood still for longer than a round', () => {
    let nowMs = 0;
    const wheel = new DeadlineWheel(() => nowMs);
    const fired: number[] = [];
    for (const atMs of [10, 500, 9000, 20_000]) wheel.schedule(new Entry(() => fired.push(atMs)), atMs);
    nowMs = 30_000;
    wheel.sweep();
    expect(fired.sort((a, b) => a - b)).toEqual([10, 500, 9000, 20_000]);
  });

  test('is met by the clock of the process', async () => {
    const wheel = new DeadlineWheel();
    const startedMs = performance.now();
    const keepAlive = setInterval(() => undefined, 1000);
    await new Promise<void>((resolve) => wheel.schedule(new Entry(resolve), startedMs + 50));
    clearInterval(keepAlive);
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(50);
  });
});

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

  test('of many that are due at one moment is met within a few turns, in none of which all are', async () => {
    const wheel = new DeadlineWheel();
    const perTurn: number[] = [];
    const { promise: allMet, resolve } = Promise.withResolvers<void>();
    let [met, ofTurn] = [0, 0];
    const count = (): void => {
      if (ofTurn === 0)
        setImmediate(() => {
          perTurn.push(ofTurn);
          ofTurn = 0;
          if (met === 1_000) resolve();
        });
      ofTurn += 1;
      met += 1;
    };
    const atMs = performance.now() + 50;
    for (let entry = 0; entry < 1_000; entry += 1) wheel.schedule(new Entry(count), atMs);
    const keepAlive = setInterval(() => undefined, 1000);
    await allMet;
    clearInterval(keepAlive);
    expect(perTurn.length).toBeGreaterThan(5);
    expect(perTurn.length).toBeLessThanOrEqual(16);
    expect(Math.max(...perTurn)).toBeLessThan(200);
    expect(wheel.size).toBe(0);
  });

  test('can be taken back while others of its moment are met already', async () => {
    const wheel = new DeadlineWheel();
    const met: number[] = [];
    const atMs = performance.now() + 50;
    const entries = Array.from({ length: 40 }, (_, at) => new Entry(() => met.push(at)));
    for (const entry of entries) wheel.schedule(entry, atMs);
    const { promise: begun, resolve } = Promise.withResolvers<void>();
    wheel.schedule(new Entry(resolve), atMs);
    const keepAlive = setInterval(() => undefined, 1000);
    await begun;
    const metBefore = met.length;
    for (const entry of entries) wheel.cancel(entry);
    expect(wheel.size).toBe(0);
    await new Promise<void>((resolve) => wheel.schedule(new Entry(resolve), performance.now() + 50));
    clearInterval(keepAlive);
    expect(met).toHaveLength(metBefore);
    expect(metBefore).toBeLessThan(40);
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

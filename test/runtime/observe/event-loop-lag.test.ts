import { createHistogram } from 'node:perf_hooks';
import { beforeEach, describe, expect, it } from 'vitest';
import { EventLoopLag, latest } from '../../../runtime/observe/event-loop-lag.ts';

const TIMER_MS = 100;

let nowMs = 0;
let recorders: ((ms: number) => void)[] = [];

beforeEach(() => {
  nowMs = 0;
  recorders = [];
});

const monitor = () => {
  const histogram = createHistogram();
  recorders.push((ms) => histogram.record(Math.round(ms * 1e6)));
  return Object.assign(histogram, { disable: () => undefined });
};

const lag = () => new EventLoopLag(() => nowMs, monitor);

/** A timer came, so much too late. */
const late = (ms: number): void => {
  for (const record of recorders) record(TIMER_MS + ms);
};

/** To the third digit, as it is measured. */
const about = (ms: number) => expect.closeTo(ms, -1);

describe('the lag of the event loop', () => {
  it('is told to every reader for at least a minute, however many ask, and not for more than two', () => {
    const told = lag();
    late(700);
    for (nowMs = 0; nowMs < 60_000; nowMs += 1000) expect(told.told()[2]).toEqual(about(700));
    late(300);
    for (nowMs = 60_000; nowMs < 120_000; nowMs += 1000) expect(told.told()[2]).toBeGreaterThan(290);
    nowMs = 120_000;
    expect(told.told()[2]).toBeLessThan(1);
  });

  it('is told to two readers who each come once a minute, both times', () => {
    const told = lag();
    for (let minute = 1; minute < 10; minute += 1) {
      nowMs = minute * 60_000;
      told.told();
      late(minute * 100);
      nowMs += 30_000;
      expect(told.told()[2]).toEqual(about(minute * 100));
      nowMs += 29_999;
      expect(told.told()[2]).toEqual(about(minute * 100));
    }
  });

  it('is told of all the time in which nobody asked', () => {
    const told = lag();
    late(400);
    nowMs = 3_600_000;
    expect(told.told()[2]).toEqual(about(400));
    nowMs += 60_000;
    expect(told.told()[2]).toBeLessThan(1);
  });

  it('is told by quantile, and is none where timers come in time or nothing was measured yet', () => {
    const told = lag();
    expect(told.told()).toEqual([0, 0, 0]);
    for (let n = 0; n < 97; n += 1) late(0);
    for (let n = 0; n < 2; n += 1) late(50);
    late(900);
    expect(told.told()).toEqual([expect.closeTo(0, 0), about(50), about(900)]);
    late(-5);
    expect(told.told()[0]).toBeGreaterThanOrEqual(0);
  });

  it('is of several threads that of the one that was the latest', () => {
    expect(
      latest([
        [1, 2, 30],
        [0, 5, 9],
      ]),
    ).toEqual([1, 5, 30]);
  });

  it('is measured: a timer that something keeps from coming is late', async () => {
    const told = new EventLoopLag();
    const blockMs = (ms: number): void => {
      const endMs = performance.now() + ms;
      while (performance.now() < endMs);
    };
    await expect
      .poll(
        () => {
          blockMs(250);
          return told.told()[2];
        },
        { timeout: 10_000 },
      )
      .toBeGreaterThan(50);
    told.close();
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  judgePressure,
  NO_PRESSURE,
  type PressureBounds,
  type PressureReading,
  reasonsOf,
} from '../../../runtime/traffic/pressure.ts';

const MIB = 1024 * 1024;
const BOUNDS: PressureBounds = { memoryBytes: 1000 * MIB, eventLoopDelayMs: 200, threads: 1 };
const CALM: PressureReading = {
  residentBytes: 200 * MIB,
  usedBytes: 100 * MIB,
  heapBytes: 50 * MIB,
  heapLimitBytes: 4000 * MIB,
  lateMs: 0,
};

/** What is told after each of these, over a calm one. */
const reasonsAfter = (
  readings: readonly Partial<PressureReading>[],
  bounds: Partial<PressureBounds> = {},
): readonly (readonly string[])[] => {
  let state = NO_PRESSURE;
  return readings.map((reading) => {
    state = judgePressure(state, { ...CALM, ...reading }, { ...BOUNDS, ...bounds });
    return reasonsOf(state);
  });
};

const resident = (mib: number, usedMib = mib) => ({ residentBytes: mib * MIB, usedBytes: usedMib * MIB });

describe('memory', () => {
  it('is too little from 85 % of the cap on, until it is below 75 %', () => {
    expect(reasonsAfter([840, 850, 800, 751, 749, 800, 849].map((mib) => resident(mib)))).toEqual([
      [],
      ['memory'],
      ['memory'],
      ['memory'],
      [],
      [],
      [],
    ]);
  });

  it('is not too little where the allocator only keeps what was given back, short of the cap itself', () => {
    expect(reasonsAfter([resident(900, 200), resident(969, 200), resident(970, 200)])).toEqual([
      [],
      [],
      ['memory'],
    ]);
    expect(reasonsAfter([resident(900), resident(900, 400), resident(900, 340), resident(960, 340)])).toEqual(
      [['memory'], ['memory'], [], []],
    );
  });

  it('is too little near the limit of the heap, however much the process may have', () => {
    const heap = (mib: number) => ({ heapBytes: mib * MIB });
    expect(reasonsAfter([heap(3599), heap(3600), heap(3300), heap(3199)])).toEqual([
      [],
      ['memory'],
      ['memory'],
      [],
    ]);
  });

  it('is shared by threads: each looks at its part of what is in use', () => {
    expect(reasonsAfter([resident(900, 130)], { threads: 4 })).toEqual([['memory']]);
    expect(reasonsAfter([resident(900, 120)], { threads: 4 })).toEqual([[]]);
  });
});

describe('the event loop', () => {
  const late = (...ms: number[]) => ms.map((lateMs) => ({ lateMs }));

  it('is too late where three timers in a row were, and on time again after five', () => {
    expect(reasonsAfter(late(201, 201, 201, 99, 99, 99, 99, 99)).map(String)).toEqual([
      '',
      '',
      'event_loop',
      'event_loop',
      'event_loop',
      'event_loop',
      'event_loop',
      '',
    ]);
  });

  it('is not too late for one stall, however long', () => {
    expect(reasonsAfter(late(60_000, 0, 60_000, 150, 60_000)).flat()).toEqual([]);
  });

  it('stays too late while timers are between half the bound and the bound', () => {
    const states = reasonsAfter(late(300, 300, 300, 150, 150, 150, 150, 150, 150, 150));
    expect(states.at(-1)).toEqual(['event_loop']);
  });
});

it('changes nothing for readings between the marks, whatever they are', () => {
  const between = fc.record({
    residentBytes: fc.integer({ min: 750 * MIB, max: 849 * MIB }),
    usedBytes: fc.integer({ min: 350 * MIB, max: 849 * MIB }),
    heapBytes: fc.integer({ min: 0, max: 3199 * MIB }),
    lateMs: fc.integer({ min: 100, max: 200 }),
  });
  fc.assert(
    fc.property(fc.array(between, { minLength: 1 }), fc.boolean(), (readings, began) => {
      const first = began
        ? [resident(900), ...Array.from({ length: 3 }, () => ({ ...resident(900), lateMs: 500 }))]
        : [{}];
      const told = reasonsAfter([...first, ...readings]).slice(first.length);
      expect(told.every((reasons) => reasons.length === (began ? 2 : 0))).toBe(true);
    }),
  );
});

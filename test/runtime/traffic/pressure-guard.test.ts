import { describe, expect, it } from 'vitest';
import { BODY_BLOCK_BYTES } from '../../../runtime/listen/shedding.ts';
import type { Counts } from '../../../runtime/state/counts.ts';
import { countsIn, countsMemory, giveBackAll } from '../../../runtime/state/shared-counts.ts';
import type { PressureReading } from '../../../runtime/traffic/pressure.ts';
import { PressureGuard, usualMemoryBytes } from '../../../runtime/traffic/pressure-guard.ts';

const MIB = 1024 * 1024;
const reading = (mib: number): PressureReading => ({
  residentBytes: mib * MIB,
  usedBytes: mib * MIB,
  heapBytes: 0,
  heapLimitBytes: 4000 * MIB,
  lateMs: 0,
});

/** Of bodies, in a mebibyte. */
const BLOCKS = MIB / BODY_BLOCK_BYTES;

const guardOf = (memoryMib: number, threads = 1, bodies?: Counts) => {
  const told: string[] = [];
  const guard = new PressureGuard(
    { onChange: (reasons) => told.push(reasons.join()), onShed: (reason) => told.push(`shed ${reason}`) },
    threads,
    bodies,
  );
  guard.rebound({ memoryBytes: memoryMib * MIB });
  return { guard, told, [Symbol.dispose]: () => guard.close() };
};

describe('the guard', () => {
  it('refuses with a reason and a time to come back, counts it, and tells of each change once', () => {
    using held = guardOf(1000);
    const { guard, told } = held;
    for (const mib of [900, 900, 800]) guard.judge(reading(mib), 0);
    expect(guard.sheds).toBe(true);
    expect(guard.refusal()).toMatchObject({ code: 'overloaded', status: 503, retryAfterMs: 5_000 });
    guard.judge(reading(700), 100);
    expect(guard.sheds).toBe(false);
    expect(told).toEqual(['memory', 'shed memory', '']);
  });

  it('asks for less and less to be left unread while memory is tight, before it refuses, and begins anew', () => {
    using held = guardOf(1000);
    const asked: number[] = [];
    held.guard.unread.relieved.add((maxUnreadBytes) => asked.push(maxUnreadBytes / 1024));
    for (const mib of [700, 840, 900, 900, 700, 900, 900]) held.guard.judge(reading(mib), 0);
    held.guard.judge(reading(690), 0);
    held.guard.judge(reading(710), 0);
    expect(held.guard.sheds).toBe(false);
    expect(asked).toEqual([1024, 512, 256, 128, 64, 64, 64, 1024]);
  });

  it('gives bodies an eighth of the memory, to the block, whichever of its threads they come to', () => {
    const memory = countsMemory(2);
    using one = guardOf(1024, 2, countsIn(memory, { place: 0, threads: 2, holder: 1 }));
    using other = guardOf(1024, 2, countsIn(memory, { place: 1, threads: 2, holder: 2 }));
    expect(one.guard.hold(100 * BLOCKS, '')).toBe(true);
    expect(other.guard.hold(28 * BLOCKS, '')).toBe(true);
    for (const { guard } of [one, other]) expect(guard.hold(1, '')).toBe(false);
    other.guard.giveBack(2, '');
    expect(one.guard.hold(1, '')).toBe(true);
    expect(other.guard.hold(2, '')).toBe(false);
    // What a thread had that has ended is free again.
    giveBackAll(memory, { place: 0, threads: 2, holder: 1 });
    expect(other.guard.hold(100 * BLOCKS, '')).toBe(true);
  });

  it('leaves half of that to others, whatever bodies one client announces and stalls', () => {
    using held = guardOf(512);
    const { guard } = held;
    for (let body = 0; body < 32; body += 1) expect(guard.hold(BLOCKS, '192.0.2.1')).toBe(true);
    expect(guard.hold(1, '192.0.2.1')).toBe(false);
    for (let body = 0; body < 32; body += 1) expect(guard.hold(BLOCKS, '192.0.2.2')).toBe(true);
    expect(guard.hold(1, '192.0.2.3')).toBe(false);
    guard.giveBack(BLOCKS, '192.0.2.1');
    expect(guard.hold(BLOCKS, '192.0.2.1')).toBe(true);
    for (let body = 0; body < 32; body += 1) guard.giveBack(BLOCKS, '192.0.2.1');
    expect(guard.hold(32 * BLOCKS, '192.0.2.1')).toBe(true);
  });

  it('takes over other bounds while it refuses', () => {
    using held = guardOf(1000);
    held.guard.judge(reading(900), 0);
    held.guard.rebound({ memoryBytes: 2000 * MIB });
    held.guard.judge(reading(900), 100);
    expect(held.guard.sheds).toBe(false);
  });

  it('has a part of what there is where nothing is said', () => {
    expect(usualMemoryBytes()).toBeGreaterThan(64 * MIB);
    expect(usualMemoryBytes()).toBeLessThan(2 ** 50);
  });
});

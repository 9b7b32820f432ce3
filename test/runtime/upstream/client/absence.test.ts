import { describe, expect, it } from 'vitest';
import { Absence } from '../../../../runtime/upstream/client/absence.ts';

const REFUSED = new Error('refused');

/** How long nobody tries after each of so many attempts, all of which fail as soon as they may be made. */
const pausesOf = (absence: Absence, attempts: number): readonly number[] => {
  let nowMs = 1_000;
  return Array.from({ length: attempts }, () => {
    absence.found(REFUSED, nowMs);
    const fromMs = nowMs;
    while (absence.causeAt(nowMs) !== undefined) nowMs += 1;
    return nowMs - fromMs;
  });
};

describe('Absence', () => {
  it('has attempts wait for longer and longer, and never for more than a tenth of a second', () => {
    expect(pausesOf(new Absence(), 8)).toEqual([5, 10, 20, 40, 80, 100, 100, 100]);
  });

  it('takes attempts that fail at one moment for one', () => {
    const absence = new Absence();
    for (let failed = 0; failed < 100; failed += 1) absence.found(REFUSED, 1_000);
    expect(absence.causeAt(1_004)).toBe(REFUSED);
    expect(absence.causeAt(1_005)).toBeUndefined();
    expect(absence.isLikely).toBe(true);
  });

  it('forgets all of it as soon as somebody is there', () => {
    const absence = new Absence();
    pausesOf(absence, 8);
    absence.over();
    expect(absence.isLikely).toBe(false);
    expect(absence.causeAt(0)).toBeUndefined();
    expect(pausesOf(absence, 1)).toEqual([5]);
  });
});

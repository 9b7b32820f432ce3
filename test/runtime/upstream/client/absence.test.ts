import { describe, expect, it } from 'vitest';
import { Absence, ENOUGH_ATTEMPTS } from '../../../../runtime/upstream/client/absence.ts';

const REFUSED = new Error('refused');

/** How many of the requests that come each millisecond for so long are tried, where all attempts fail. */
const triedWithin = (absence: Absence, forMs: number): number => {
  let tried = 0;
  for (let nowMs = 1_000; nowMs < 1_000 + forMs; nowMs += 1) {
    if (absence.errorAt(nowMs) !== undefined) continue;
    absence.found(REFUSED, nowMs);
    tried += 1;
  }
  return tried;
};

describe('Absence', () => {
  it('lets enough attempts be made in each tenth of a second, and no more', () => {
    expect(triedWithin(new Absence(), 100)).toBe(ENOUGH_ATTEMPTS);
    expect(triedWithin(new Absence(), 1_000)).toBe(10 * ENOUGH_ATTEMPTS);
  });

  it('concludes nothing from fewer', () => {
    const absence = new Absence();
    for (let failed = 1; failed < ENOUGH_ATTEMPTS; failed += 1) absence.found(REFUSED, 1_000);
    expect(absence.errorAt(1_000)).toBeUndefined();
    absence.found(REFUSED, 1_099);
    expect(absence.errorAt(1_099)?.cause).toBe(REFUSED);
    expect(absence.errorAt(1_100)).toBeUndefined();
    expect(absence.isLikely).toBe(true);
  });

  it('forgets all of it as soon as somebody is there', () => {
    const absence = new Absence();
    triedWithin(absence, 50);
    absence.over();
    expect(absence.isLikely).toBe(false);
    expect(absence.errorAt(1_050)).toBeUndefined();
    expect(triedWithin(absence, 100)).toBe(ENOUGH_ATTEMPTS);
  });
});

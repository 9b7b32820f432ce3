import { describe, expect, it } from 'vitest';
import { durationMs, percentageRatio, ratePerPeriod, sizeBytes } from '../../schema/unit.ts';

describe('units', () => {
  it.each([
    ['250ms', 250],
    ['30s', 30_000],
    ['1.5h', 5_400_000],
    ['2m', 120_000],
    ['365d', 31_536_000_000],
    ['0s', 0],
  ])('read %s as %i milliseconds', (text, ms) => expect(durationMs(text)).toBe(ms));

  it.each(['', '30', 's', '1h30m', '30 s', '-1s', '1e3s', '30S', '0.0001ms', '99999999999999999d'])(
    'do not take %j for a duration',
    (text) => expect(durationMs(text)).toBeUndefined(),
  );

  it('read sizes in powers of 1024', () => {
    expect(['1B', '1KiB', '1.5MiB', '2GiB'].map(sizeBytes)).toEqual([1, 1024, 1_572_864, 2_147_483_648]);
    expect(['1KB', '1kib', '1', '0.3B'].map(sizeBytes)).toEqual(new Array(4).fill(undefined));
  });

  it('read rates as a count and a period', () => {
    expect(ratePerPeriod('600/m')).toEqual({ count: 600, periodMs: 60_000 });
    expect(ratePerPeriod('1/d')).toEqual({ count: 1, periodMs: 86_400_000 });
    expect(['600', '600/ms', '1.5/s', '/s', '600 / m'].map(ratePerPeriod)).toEqual(
      new Array(5).fill(undefined),
    );
  });

  it('read percentages up to a hundred', () => {
    expect(['0%', '12.5%', '100%'].map(percentageRatio)).toEqual([0, 0.125, 1]);
    expect(['101%', '50', '-1%'].map(percentageRatio)).toEqual(new Array(3).fill(undefined));
  });
});

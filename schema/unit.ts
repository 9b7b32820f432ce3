/** Texts with units and their values: durations in milliseconds, sizes in bytes, rates per period, quotas per window. */

const MILLISECONDS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

const BYTES: Readonly<Record<string, number>> = {
  B: 1,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
};

export const DURATION_UNITS: readonly string[] = Object.keys(MILLISECONDS);
export const SIZE_UNITS: readonly string[] = Object.keys(BYTES);
export const RATE_UNITS: readonly string[] = ['s', 'm', 'h', 'd'];

const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;
const SIZE = /^(\d+(?:\.\d+)?)(B|KiB|MiB|GiB)$/;
const RATE = /^(\d+)\/(s|m|h|d)$/;
const QUOTA = /^([1-9]\d*)\/([1-9]\d*)?(s|m|h|d)$/;
const PERCENTAGE = /^(\d+(?:\.\d+)?)%$/;

/** Ten years. */
const MAX_WINDOW_MS = 3650 * 86_400_000;

const measure = (
  text: string,
  pattern: RegExp,
  units: Readonly<Record<string, number>>,
): number | undefined => {
  const match = pattern.exec(text);
  if (!match) return undefined;
  const value = Number(match[1]) * units[match[2]!]!;
  return Number.isSafeInteger(value) ? value : undefined;
};

/** Milliseconds of a duration such as `30s`; undefined if it is none or no whole number of milliseconds. */
export const durationMs = (text: string): number | undefined => measure(text, DURATION, MILLISECONDS);

/** Bytes of a size such as `4MiB`; undefined if it is none or no whole number of bytes. */
export const sizeBytes = (text: string): number | undefined => measure(text, SIZE, BYTES);

/** Count and period of a rate such as `600/m`; undefined if it is none. */
export const ratePerPeriod = (text: string): { count: number; periodMs: number } | undefined => {
  const match = RATE.exec(text);
  const count = Number(match?.[1]);
  return match && Number.isSafeInteger(count) ? { count, periodMs: MILLISECONDS[match[2]!]! } : undefined;
};

/** Count and window of a quota such as `100000/30d` or `100/m`; undefined if it is none. */
export const quotaPerWindow = (text: string): { count: number; windowMs: number } | undefined => {
  const match = QUOTA.exec(text);
  if (!match) return undefined;
  const count = Number(match[1]);
  const windowMs = Number(match[2] ?? 1) * MILLISECONDS[match[3]!]!;
  return Number.isSafeInteger(count) && windowMs <= MAX_WINDOW_MS ? { count, windowMs } : undefined;
};

/** Ratio from 0 to 1 of a percentage such as `50%`; undefined if it is none or beyond. */
export const percentageRatio = (text: string): number | undefined => {
  const match = PERCENTAGE.exec(text);
  if (!match) return undefined;
  const ratio = Number(match[1]) / 100;
  return ratio <= 1 ? ratio : undefined;
};

const largestUnit = (value: number, units: Readonly<Record<string, number>>): string => {
  const [unit, factor] =
    Object.entries(units).findLast(([, each]) => value >= each && value % each === 0) ??
    Object.entries(units)[0]!;
  return `${value / factor}${unit}`;
};

/** A number of milliseconds as a duration, in the largest unit that takes it whole: `30s`. */
export const durationText = (ms: number): string => (ms === 0 ? '0s' : largestUnit(ms, MILLISECONDS));

/** A number of bytes as a size, in the largest unit that takes it whole: `4MiB`. */
export const sizeText = (bytes: number): string => largestUnit(bytes, BYTES);

/** A count per period as a rate: `600/m`. */
export const rateText = (count: number, periodMs: number): string =>
  `${count}/${RATE_UNITS.find((unit) => MILLISECONDS[unit] === periodMs)!}`;

/** A count per window as a quota: `100000/30d`. */
export const quotaText = (count: number, windowMs: number): string =>
  `${count}/${durationText(windowMs).replace(/^1(?=\D)/, '')}`;

/** A ratio from 0 to 1 as a percentage: `50%`. */
export const percentageText = (ratio: number): string => `${Number((ratio * 100).toPrecision(12))}%`;

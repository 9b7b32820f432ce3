/** Medians and ratios of samples. */
import type { Sample, Samples } from './rounds.ts';

/** The value that a share of all values lies below, between two values in proportion. */
export const quantile = (values: readonly number[], share: number): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const below = sorted[Math.floor(at)] ?? Number.NaN;
  const above = sorted[Math.ceil(at)] ?? Number.NaN;
  return below + (above - below) * (at - Math.floor(at));
};

export const median = (values: readonly number[]): number => quantile(values, 0.5);

/** A measure that ratios are made of. */
export type Measure = 'cpuUsPerRequest' | 'requestsPerSecond' | 'p50Ms' | 'p99Ms';

/** The median of one measure. */
export const medianOf = (samples: readonly Sample[], measure: keyof Sample): number =>
  median(samples.map((sample) => sample[measure]));

export interface Ratio {
  readonly median: number;
  /** First and third quartile: how far the rounds agree. */
  readonly low: number;
  readonly high: number;
}

/**
 * `name` to `reference`: the ratio is taken within each round, between runs that are close in time, and the median
 * is over the rounds. Undefined where one of them was not driven.
 */
export const ratioOf = (
  samples: Samples,
  name: string,
  reference: string,
  measure: Measure,
): Ratio | undefined => {
  const own = samples.get(name);
  const others = samples.get(reference);
  if (own === undefined || others === undefined) return undefined;
  const ratios = own.map((sample, round) => sample[measure] / (others[round]?.[measure] ?? Number.NaN));
  return { median: median(ratios), low: quantile(ratios, 0.25), high: quantile(ratios, 0.75) };
};

const FULL_CORE = 0.85;

/**
 * Whether other work took part of the cores: in most runs neither the target nor the load had one to itself, though
 * one of them always wants it. CPU time per request is then dearer, and not for all alike.
 */
export const isDisturbed = (samples: Samples): boolean => {
  const busiest = [...samples.values()]
    .flat()
    .map(({ targetBusy, loadBusy }) => Math.max(targetBusy, loadBusy));
  return median(busiest) < FULL_CORE;
};

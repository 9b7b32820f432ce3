/** When which fault begins and ends: decided by the seed before anything starts. */
import { between, type Random, shuffled } from './random.ts';

export interface Planned<Name extends string = string> {
  readonly fault: Name;
  readonly atMs: number;
  readonly endMs: number;
}

const GAP_MS = { least: 400, most: 3_000 };
const LENGTH_MS = { least: 600, most: 4_000 };

/**
 * Each fault as often as any other: all of them in some order, then all again in another. Several may last at once,
 * but none twice at a time.
 */
export const planFaults = <Name extends string>(
  random: Random,
  faults: readonly Name[],
  lengthMs: number,
): readonly Planned<Name>[] => {
  const planned: Planned<Name>[] = [];
  const freeFromMs = new Map<Name, number>();
  let atMs = 0;
  if (faults.length === 0) return planned;
  for (;;)
    for (const fault of shuffled(random, faults)) {
      atMs = Math.max(atMs + between(random, GAP_MS.least, GAP_MS.most), freeFromMs.get(fault) ?? 0);
      const endMs = atMs + between(random, LENGTH_MS.least, LENGTH_MS.most);
      if (endMs > lengthMs) return planned;
      planned.push({ fault, atMs, endMs });
      freeFromMs.set(fault, endMs + GAP_MS.least);
    }
};

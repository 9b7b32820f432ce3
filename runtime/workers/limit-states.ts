/** What is told of limits that count or hold, of all threads together. */
import type { LimitNode } from '../../schema/graph/limit.ts';
import type { HeldPlaces } from '../observe/limit-metrics.ts';
import type { Fill } from '../traffic/fill.ts';

/** Of a limit that was there before and still has calls under way, only these. */
export interface PlacesState {
  readonly held: number;
  readonly waiting: number;
}

interface Keyed extends Partial<Fill> {
  /** Calls that it has refused in the last minute. */
  readonly refusedLastMinute: number;
}

/** A limit over all its keys. */
export type LimitState =
  | PlacesState
  | (Keyed & {
      readonly type: 'rate' | 'quota';
      /** A store counts: keys are those that were seen here, as they were told of last. */
      readonly inStore?: true;
    })
  | (Keyed &
      PlacesState & {
        readonly type: 'concurrency';
        /** Whether no place is free; told of limits that have one key for all calls. */
        readonly full?: boolean;
      });

/** What threads tell of limits. */
export interface LimitReports {
  readonly places: readonly HeldPlaces[];
  /** In the last minute, by limit. */
  readonly refused: readonly Readonly<Record<string, number>>[];
  readonly fills: Readonly<Record<string, Fill>>;
  /** Whether requests are counted in a store. */
  readonly inStore: boolean;
}

export const limitStates = (
  limits: Readonly<Record<string, LimitNode>>,
  { places, refused, fills, inStore }: LimitReports,
): Readonly<Record<string, LimitState>> => {
  const sums = placesByLimit(places);
  const states = new Map<string, LimitState>(sums);
  for (const node of Object.values(limits)) {
    const { name, type } = node;
    if (type === 'bounds') continue;
    const refusedLastMinute = refused.reduce((sum, each) => sum + (each[name] ?? 0), 0);
    const keyed = { ...fills[name], refusedLastMinute };
    if (type !== 'concurrency') {
      states.set(name, { type, ...(inStore && { inStore }), ...keyed });
      continue;
    }
    const { held, waiting } = sums.get(name) ?? { held: 0, waiting: 0 };
    const full = node.key.length === 0 ? { full: held >= node.max } : undefined;
    states.set(name, { type, held, waiting, ...full, ...keyed });
  }
  return Object.fromEntries(states);
};

const placesByLimit = (places: readonly HeldPlaces[]): ReadonlyMap<string, PlacesState> => {
  const sums = new Map<string, PlacesState>();
  for (const { limit, held, waiting } of places) {
    const before = sums.get(limit) ?? { held: 0, waiting: 0 };
    sums.set(limit, { held: before.held + held, waiting: before.waiting + waiting });
  }
  return sums;
};

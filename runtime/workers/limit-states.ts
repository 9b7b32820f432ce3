/** What several threads tell of limits on calls at a time, as one. */
import type { LimitNode } from '../../schema/graph/limit.ts';
import type { HeldPlaces } from '../observe/metrics.ts';

/** A limit on calls at a time, over all its keys. */
export interface LimitState {
  readonly held: number;
  readonly waiting: number;
  /** Whether no place is free; told of limits that have one key for all calls. */
  readonly full?: boolean;
}

/** A limit that was there before and still has calls under way is told of, too. */
export const limitStates = (
  limits: Readonly<Record<string, LimitNode>>,
  places: readonly HeldPlaces[],
): Readonly<Record<string, LimitState>> => {
  const states = new Map<string, LimitState>();
  for (const [name, { type }] of Object.entries(limits))
    if (type === 'concurrency') states.set(name, { held: 0, waiting: 0 });
  for (const { limit, held, waiting } of places) {
    const before = states.get(limit) ?? { held: 0, waiting: 0 };
    states.set(limit, { held: before.held + held, waiting: before.waiting + waiting });
  }
  return Object.fromEntries(Array.from(states, ([name, state]) => [name, withFull(limits[name], state)]));
};

const withFull = (node: LimitNode | undefined, state: LimitState): LimitState =>
  node?.type === 'concurrency' && node.key.length === 0 ? { ...state, full: state.held >= node.max } : state;

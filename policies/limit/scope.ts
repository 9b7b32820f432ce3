/** Which calls a limit counts, for how much, and under which key. */
import type { CallFacts } from '../../schema/decision.ts';
import type { LimitCost } from '../../schema/graph/limit.ts';
import { compileGlobs } from '../glob.ts';
import { prepareKey } from './key.ts';

export interface LimitScope {
  /** What the call takes; 0: the limit does not apply to it. */
  cost(facts: CallFacts): number;
  /** The count that the call goes to. */
  key(facts: CallFacts): string;
}

/** The part of a limit that says what it counts. */
interface Scoped {
  readonly key: readonly string[];
  readonly tools?: readonly string[];
  readonly cost?: LimitCost;
}

const prepareCost = (cost: LimitCost | undefined): ((method: string) => number) => {
  if (cost === undefined) return () => 1;
  const byMethod = new Map(Object.entries(cost));
  const rest = cost['*'] ?? 1;
  return (method) => byMethod.get(method) ?? rest;
};

/** @throws Error for a key that the compiler's checker would have refused. */
export const prepareLimitScope = ({ tools, key, cost }: Scoped): LimitScope => {
  const matches = tools === undefined ? undefined : compileGlobs(tools);
  const costOf = prepareCost(cost);
  return {
    cost: ({ call }) =>
      matches === undefined || (call.method === 'tools/call' && matches(call.name)) ? costOf(call.method) : 0,
    key: prepareKey(key),
  };
};

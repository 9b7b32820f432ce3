/** What every kind of policy is made into. */
import type { CallFacts } from '../schema/decision.ts';
import type { PolicyExplanation } from './explanation.ts';

/**
 * - `pass` and `deny`: as it says.
 * - `error`: the rule could not be evaluated; denies.
 * - `undecided`: it hangs on a fact that is not known yet.
 */
export type Verdict = 'pass' | 'deny' | 'error' | 'undecided';

export interface PreparedPolicy {
  /** As in the configuration. */
  readonly name: string;
  /** Told to a caller whose arguments were the reason. */
  readonly because: string | undefined;
  /** Attributes of the call environment that the policy may read, with their groups. */
  readonly variables: ReadonlySet<string>;
  /** What the policy may read of who asks, as plain data. Whoever has the same is judged alike. */
  ofCaller(facts: CallFacts): readonly unknown[];
  /** Never throws. */
  judge(facts: CallFacts): Verdict;
  /** What `judge` says and why. For people: it may take a thousand times as long. */
  explain(facts: CallFacts): PolicyExplanation;
}

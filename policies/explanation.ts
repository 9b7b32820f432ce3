/** Why a call was decided as it was: what each policy said, and the values that made it say so. */
import type { Decision } from '../schema/decision.ts';
import type { RbacPermission } from '../schema/graph/policy.ts';
import type { CelExplanation } from './cel/explain.ts';
import type { Verdict } from './prepared-policy.ts';

export interface CelPolicyExplanation {
  readonly type: 'cel';
  readonly name: string;
  readonly verdict: Verdict;
  readonly effect: 'allow' | 'deny';
  readonly condition: CelExplanation;
  readonly because?: string;
}

/** One binding of roles. */
export interface BindingExplanation {
  /** Its place in `bindings`. */
  readonly index: number;
  readonly roles: readonly string[];
  /** The first permission of its roles that covers the call; absent where none does. */
  readonly permits?: { readonly role: string; readonly permission: RbacPermission };
  /** Absent where no permission covers the call: it is not looked at then. */
  readonly condition?: CelExplanation;
  /** Whether it is the one by which the call passes. */
  readonly decides: boolean;
}

export interface RbacPolicyExplanation {
  readonly type: 'rbac';
  readonly name: string;
  readonly verdict: Verdict;
  /** As far as they were looked at: the first that holds decides. */
  readonly bindings: readonly BindingExplanation[];
}

export type PolicyExplanation = CelPolicyExplanation | RbacPolicyExplanation;

export interface DecisionExplanation {
  readonly decision: Decision;
  /** Those that were asked, in their order. */
  readonly policies: readonly PolicyExplanation[];
  /** Names of those that were not asked, because the outcome was certain before. */
  readonly notAsked: readonly string[];
}

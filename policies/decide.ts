/** The one decision function, for lists and for calls. */
import { canonicalJson } from '../schema/canonical-json.ts';
import type { CallFacts, Decision } from '../schema/decision.ts';
import type { PolicyNode } from '../schema/graph/policy.ts';
import { prepareCelPolicy } from './cel/policy.ts';
import type { DecisionExplanation } from './explanation.ts';
import type { PreparedPolicy } from './prepared-policy.ts';
import { prepareRbacPolicy } from './rbac/policy.ts';

export interface PreparedPolicies {
  /**
   * Evaluates the policies in their order and stops where the outcome is certain. In a list, `facts` have no
   * `args` and the method of the call that an item stands for. A call brings its `args`, `{}` if it has none;
   * should it be undecided all the same, nothing more will be known and it must be denied. A denial that hung on
   * the arguments is answered only if no other policy denies without them: otherwise a caller could tell a tool
   * that it may not see from one that does not exist. Never throws.
   */
  decide(facts: CallFacts): Decision;
  /** The decision of `decide` on the same facts, with what each policy that was asked said and why. Never throws. */
  explain(facts: CallFacts): DecisionExplanation;
  /** Whether a decision hangs on nothing but the principal and the target, so that it can be kept. */
  readonly cacheable: boolean;
  /** Attributes of the call environment that the policies may read, with their groups. */
  readonly variables: ReadonlySet<string>;
  /** What the policies may read of who asks, as one text: who has the same is answered alike at the same moment. */
  ofCaller(facts: CallFacts): string;
}

const ALLOW: Decision = Object.freeze({ kind: 'allow' });

/** What changes from one call to the next of the same target by the same principal. */
const PER_CALL = ['args', 'now', 'client', 'request', 'call.id'];

/** @throws Error for nodes that the compiler would not have emitted. */
export const preparePolicies = (nodes: readonly PolicyNode[]): PreparedPolicies =>
  combinePolicies(nodes.map(preparePolicy));

/** Policies that were prepared one by one, as one question. */
export const combinePolicies = (prepared: readonly PreparedPolicy[]): PreparedPolicies => {
  const policies = prepared.map(withDecisions);
  const variables = new Set(policies.flatMap(({ policy }) => [...policy.variables]));
  return {
    decide: (facts) => decideBy(policies, facts),
    explain: (facts) => explainBy(policies, facts),
    cacheable: PER_CALL.every((name) => !variables.has(name)),
    variables,
    ofCaller: (facts) => canonicalJson(policies.map(({ policy }) => policy.ofCaller(facts))),
  };
};

/** @throws Error for a node that the compiler would not have emitted. */
export const preparePolicy = (node: PolicyNode): PreparedPolicy => {
  switch (node.type) {
    case 'cel':
      return prepareCelPolicy(node);
    case 'rbac':
      return prepareRbacPolicy(node);
  }
};

/** A policy with every decision that it can lead to, made once. */
interface DecidingPolicy {
  readonly policy: PreparedPolicy;
  readonly readsArguments: boolean;
  readonly undecided: Decision;
  readonly certain: Readonly<Record<'deny' | 'error', Decision>>;
  readonly uncertain: Readonly<Record<'deny' | 'error', Decision>>;
}

const withDecisions = (policy: PreparedPolicy): DecidingPolicy => {
  const denial = (reason: 'denied' | 'error', certain: boolean): Decision =>
    Object.freeze({
      kind: 'deny',
      policy: policy.name,
      reason,
      certain,
      ...(policy.because === undefined ? {} : { because: policy.because }),
    });
  return {
    policy,
    readsArguments: policy.variables.has('args'),
    undecided: Object.freeze({ kind: 'undecided', policy: policy.name }),
    certain: { deny: denial('denied', true), error: denial('error', true) },
    uncertain: { deny: denial('denied', false), error: denial('error', false) },
  };
};

const decideBy = (policies: readonly DecidingPolicy[], facts: CallFacts): Decision => {
  let outcome: Decision = ALLOW;
  for (let index = 0; index < policies.length; index++) {
    const { policy, readsArguments, undecided, certain, uncertain } = policies[index]!;
    const verdict = policy.judge(facts);
    if (verdict === 'pass') continue;
    if (verdict === 'undecided') {
      if (outcome === ALLOW) outcome = undecided;
      continue;
    }
    if (!readsArguments || facts.args === undefined) return certain[verdict];
    return certainDenial(policies.slice(index), facts) ?? uncertain[verdict];
  }
  return outcome;
};

/** The first denial that needs no argument. */
const certainDenial = (policies: readonly DecidingPolicy[], facts: CallFacts): Decision | undefined => {
  const { args: _, ...known } = facts;
  for (const { policy, certain } of policies) {
    const verdict = policy.judge(known);
    if (verdict === 'deny' || verdict === 'error') return certain[verdict];
  }
  return undefined;
};

/** A policy that denies without the arguments is explained without them: they were not what decided. */
const explainBy = (policies: readonly DecidingPolicy[], facts: CallFacts): DecisionExplanation => {
  const decision = decideBy(policies, facts);
  const decider = decision.kind === 'deny' ? decision.policy : undefined;
  const at = policies.findIndex(({ policy }) => policy.name === decider);
  const asked = decider === undefined ? policies.length : at + 1;
  const { args: _, ...known } = facts;
  const withoutArgs = decision.kind === 'deny' && decision.certain;
  return {
    decision,
    policies: policies
      .slice(0, asked)
      .map(({ policy }, index) => policy.explain(withoutArgs && index === at ? known : facts)),
    notAsked: policies.slice(asked).map(({ policy }) => policy.name),
  };
};

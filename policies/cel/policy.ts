/** Policies of type `cel`: one condition, as `allow` or as `deny`. */
import type { CallFacts } from '../../schema/decision.ts';
import type { CelPolicyNode } from '../../schema/graph/policy.ts';
import type { PreparedPolicy, Verdict } from '../prepared-policy.ts';
import { CALL_ENVIRONMENT, UNKNOWN } from './environment.ts';
import { celExplainer } from './explain.ts';
import { type CelProgram, prepareCel } from './program.ts';

/** @throws Error for an expression that the compiler's checker would have refused. */
export const prepareCelPolicy = (node: CelPolicyNode): PreparedPolicy => {
  const program = prepareCel(node.expression, CALL_ENVIRONMENT);
  const ifTrue: Verdict = node.effect === 'allow' ? 'pass' : 'deny';
  const ifFalse: Verdict = node.effect === 'allow' ? 'deny' : 'pass';
  const explainCondition = celExplainer(node.expression, program, CALL_ENVIRONMENT);
  const judge = (facts: CallFacts): Verdict => {
    const truth = truthOf(program, facts);
    if (truth === true) return ifTrue;
    return truth === false ? ifFalse : truth;
  };
  return {
    name: node.name,
    because: node.because,
    variables: program.variables,
    ofCaller: program.ofCaller,
    judge,
    explain: (facts) => ({
      type: 'cel',
      name: node.name,
      verdict: judge(facts),
      effect: node.effect,
      condition: explainCondition(facts),
      ...(node.because === undefined ? {} : { because: node.because }),
    }),
  };
};

/** What a condition comes to. A value that is no bool is an error. */
export const truthOf = (
  program: CelProgram<CallFacts>,
  facts: CallFacts,
): boolean | 'undecided' | 'error' => {
  const outcome = program.evaluate(facts);
  if (typeof outcome === 'boolean') return outcome;
  return outcome === UNKNOWN ? 'undecided' : 'error';
};

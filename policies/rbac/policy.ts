/** Policies of type `rbac`: roles, and who has them. What no role permits is denied. */
import type { CallFacts } from '../../schema/decision.ts';
import type { RbacPermission, RbacPolicyNode } from '../../schema/graph/policy.ts';
import { CALL_ENVIRONMENT } from '../cel/environment.ts';
import { type CelExplanation, celExplainer } from '../cel/explain.ts';
import { truthOf } from '../cel/policy.ts';
import { type CelProgram, prepareCel } from '../cel/program.ts';
import type { BindingExplanation } from '../explanation.ts';
import type { PreparedPolicy, Verdict } from '../prepared-policy.ts';
import { compilePermission, type Permits } from './permissions.ts';

interface PreparedPermission {
  readonly role: string;
  readonly permission: RbacPermission;
  readonly permits: Permits;
}

interface PreparedBinding {
  readonly roles: readonly string[];
  readonly permissions: readonly PreparedPermission[];
  readonly condition: CelProgram<CallFacts>;
  readonly explainCondition: (facts: CallFacts) => CelExplanation;
}

/**
 * A call passes when a binding whose roles permit it holds. Bindings are alternatives, as operands of `||`: one
 * that holds decides, even if the condition of another cannot be evaluated.
 *
 * @throws Error for a role that does not exist or a condition that the compiler's checker would have refused.
 */
export const prepareRbacPolicy = (node: RbacPolicyNode): PreparedPolicy => {
  const bindings = node.bindings.map(({ roles, when }): PreparedBinding => {
    const condition = prepareCel(when, CALL_ENVIRONMENT);
    const permissions = roles.flatMap((role) =>
      permissionsOf(node, role).map((permission) => ({
        role,
        permission,
        permits: compilePermission(permission),
      })),
    );
    return {
      roles,
      permissions,
      condition,
      explainCondition: celExplainer(when, condition, CALL_ENVIRONMENT),
    };
  });
  const judge = (facts: CallFacts): Verdict => {
    let verdict: Verdict = 'deny';
    for (const { permissions, condition } of bindings) {
      if (!permissions.some(({ permits }) => permits(facts))) continue;
      const truth = truthOf(condition, facts);
      if (truth === true) return 'pass';
      if (truth === 'undecided' || (truth === 'error' && verdict === 'deny')) verdict = truth;
    }
    return verdict;
  };
  return {
    name: node.name,
    because: undefined,
    variables: variablesOf(bindings.map(({ condition }) => condition)),
    ofCaller: (facts) => bindings.map(({ condition }) => condition.ofCaller(facts)),
    judge,
    explain: (facts) => ({
      type: 'rbac',
      name: node.name,
      verdict: judge(facts),
      bindings: explainBindings(bindings, facts),
    }),
  };
};

const explainBindings = (
  bindings: readonly PreparedBinding[],
  facts: CallFacts,
): readonly BindingExplanation[] => {
  const explained: BindingExplanation[] = [];
  for (const [index, { roles, permissions, explainCondition }] of bindings.entries()) {
    const found = permissions.find(({ permits }) => permits(facts));
    if (found === undefined) {
      explained.push({ index, roles, decides: false });
      continue;
    }
    const { role, permission } = found;
    const condition = explainCondition(facts);
    const decides = condition.truth === true;
    explained.push({ index, roles, permits: { role, permission }, condition, decides });
    if (decides) break;
  }
  return explained;
};

const permissionsOf = ({ name, roles }: RbacPolicyNode, role: string): readonly RbacPermission[] => {
  const permissions = Object.hasOwn(roles, role) ? roles[role] : undefined;
  if (permissions === undefined) throw new Error(`policy \`${name}\` has no role \`${role}\``);
  return permissions;
};

/** Permissions themselves look at method, name and URI. */
const variablesOf = (conditions: readonly { readonly variables: ReadonlySet<string> }[]) => {
  const variables = new Set([
    'call',
    'call.method',
    'tool',
    'tool.name',
    'prompt',
    'prompt.name',
    'resource',
    'resource.uri',
  ]);
  for (const condition of conditions) for (const variable of condition.variables) variables.add(variable);
  return variables;
};

/** Policies of type `rbac`: roles, and who has them. What no role permits is denied. */
import type { RbacPolicyNode } from '../../schema/graph/policy.ts';
import { CALL_ENVIRONMENT } from '../cel/environment.ts';
import { truthOf } from '../cel/policy.ts';
import { prepareCel } from '../cel/program.ts';
import type { PreparedPolicy, Verdict } from '../prepared-policy.ts';
import { compilePermissions } from './permissions.ts';

/**
 * A call passes when a binding whose roles permit it holds. Bindings are alternatives, as operands of `||`: one
 * that holds decides, even if the condition of another cannot be evaluated.
 *
 * @throws Error for a role that does not exist or a condition that the compiler's checker would have refused.
 */
export const prepareRbacPolicy = (node: RbacPolicyNode): PreparedPolicy => {
  const bindings = node.bindings.map(({ roles, when }) => ({
    permits: compilePermissions(roles.flatMap((role) => permissionsOf(node, role))),
    condition: prepareCel(when, CALL_ENVIRONMENT),
  }));
  return {
    name: node.name,
    because: undefined,
    variables: variablesOf(bindings.map(({ condition }) => condition)),
    judge(facts) {
      let verdict: Verdict = 'deny';
      for (const { permits, condition } of bindings) {
        if (!permits(facts)) continue;
        const truth = truthOf(condition, facts);
        if (truth === true) return 'pass';
        if (truth === 'undecided' || (truth === 'error' && verdict === 'deny')) verdict = truth;
      }
      return verdict;
    },
  };
};

const permissionsOf = ({ name, roles }: RbacPolicyNode, role: string) => {
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

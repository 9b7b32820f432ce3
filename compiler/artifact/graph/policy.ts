/** Policies of a graph that is read. */

import { CALL_ENVIRONMENT } from '../../../policies/cel/environment.ts';
import { prepareCel } from '../../../policies/cel/program.ts';
import type {
  CelPolicyNode,
  PolicyNode,
  RbacPermission,
  RbacPolicyNode,
} from '../../../schema/graph/policy.ts';
import { byType, fields, list, literal, oneOf, optional, record, type Shape, text } from '../shape.ts';

const canBeAsked = (expression: string): boolean => {
  try {
    prepareCel(expression, CALL_ENVIRONMENT);
    return true;
  } catch {
    return false;
  }
};

/** Whoever serves it makes it ready when it is asked first, and must not fail then. */
const condition: Shape<string> = {
  faultOf: (value, path) =>
    typeof value === 'string' && canBeAsked(value)
      ? undefined
      : { path, expected: 'an expression over what is known of a call' },
};

const cel = fields<CelPolicyNode>({
  kind: oneOf('policy'),
  type: oneOf('cel'),
  name: literal,
  effect: oneOf('allow', 'deny'),
  expression: condition,
  because: optional(text),
});

const permission = fields<RbacPermission>({
  method: literal,
  names: optional(list(literal)),
  uris: optional(list(text)),
});

const rbac = fields<RbacPolicyNode>({
  kind: oneOf('policy'),
  type: oneOf('rbac'),
  name: literal,
  roles: record(list(permission)),
  bindings: list(fields<RbacPolicyNode['bindings'][number]>({ roles: list(literal), when: literal })),
});

export const policyShape = byType<PolicyNode>({ cel, rbac });

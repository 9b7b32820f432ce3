/** Policies of a graph that is read. */
import type {
  CelPolicyNode,
  PolicyNode,
  RbacPermission,
  RbacPolicyNode,
} from '../../../schema/graph/policy.ts';
import { byType, fields, list, literal, oneOf, optional, record, text } from '../shape.ts';

const cel = fields<CelPolicyNode>({
  kind: oneOf('policy'),
  type: oneOf('cel'),
  name: literal,
  effect: oneOf('allow', 'deny'),
  expression: literal,
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

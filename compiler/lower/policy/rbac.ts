/** `rbac`: every role with the permissions of the roles it includes. */

import { canonicalJson } from '../../../schema/canonical-json.ts';
import type { RbacPermission, RbacPolicyNode } from '../../../schema/graph/policy.ts';
import type { GatewayData } from '../../configuration.ts';
import { given } from '../measure.ts';

type RbacData = Extract<GatewayData['policies'][string], { type: 'rbac' }>;

const closure = (roles: RbacData['roles'], name: string, seen: Set<string>): readonly RbacPermission[] => {
  if (seen.has(name)) return [];
  seen.add(name);
  const { includes, allow } = roles[name]!;
  const own = allow!.map((permission) => ({
    method: permission.method,
    ...given('names', permission.names),
    ...given('uris', permission.uris),
  }));
  return [...own, ...includes!.flatMap((role) => closure(roles, role, seen))];
};

const permissionsOf = (roles: RbacData['roles'], name: string): readonly RbacPermission[] => [
  ...new Map(
    closure(roles, name, new Set()).map((permission) => [canonicalJson(permission), permission]),
  ).values(),
];

export const lowerRbacPolicy = (policy: RbacData, name: string): RbacPolicyNode => ({
  kind: 'policy',
  type: 'rbac',
  name,
  roles: Object.fromEntries(
    Object.keys(policy.roles).map((role) => [role, permissionsOf(policy.roles, role)]),
  ),
  bindings: policy.bindings.map(({ roles, when }) => ({ roles, when })),
});

/** Where the rules of a policy are written. */
import type { RbacPermission, RbacPolicyNode } from '../../schema/graph/policy.ts';
import type { RulePath } from './trace.ts';

/** Whether the configuration has something at a path. */
export type IsWritten = (path: RulePath) => boolean;

const sameTexts = (one: readonly string[] | undefined, other: readonly string[] | undefined): boolean =>
  JSON.stringify(one) === JSON.stringify(other);

const isSame = (one: RbacPermission, other: RbacPermission): boolean =>
  one.method === other.method && sameTexts(one.names, other.names) && sameTexts(one.uris, other.uris);

const permissionPath = (policy: string, role: string, index: number): RulePath => [
  'policies',
  policy,
  'roles',
  role,
  'allow',
  index,
];

/** The permissions that a role has by itself: those that it includes come after them, and are written elsewhere. */
export const ownPermissions = (
  { name, roles }: RbacPolicyNode,
  role: string,
  isWritten: IsWritten,
): readonly { readonly permission: RbacPermission; readonly path: RulePath }[] =>
  (roles[role] ?? [])
    .map((permission, index) => ({ permission, path: permissionPath(name, role, index) }))
    .filter(({ path }) => isWritten(path));

/** Where a permission of a role is written: at the role itself, or at one that it includes. */
export const pathOfPermission = (
  node: RbacPolicyNode,
  role: string,
  permission: RbacPermission,
  isWritten: IsWritten,
): RulePath => {
  const roles = [role, ...Object.keys(node.roles).filter((other) => other !== role)];
  for (const each of roles) {
    const own = ownPermissions(node, each, isWritten);
    const found = own.find((candidate) => isSame(candidate.permission, permission));
    if (found !== undefined) return found.path;
  }
  return ['policies', node.name, 'roles', role];
};

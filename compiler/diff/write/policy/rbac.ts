/** `rbac` as gateway.yaml says it, each role with the permissions of those that it includes. */
import type { RbacPermission, RbacPolicyNode } from '../../../../schema/graph/policy.ts';
import { flowText, keyed, map, plain, set, type WrittenItem, type WrittenMap } from '../../written.ts';

const permissionItem = ({ method, names, uris }: RbacPermission): WrittenItem => {
  const item = map({ method: plain(method), names: names && set(names), uris: uris && set(uris) });
  return { key: flowText(item), item };
};

const bindingItem = ({ roles, when }: RbacPolicyNode['bindings'][number]): WrittenItem => {
  const item = map({ roles: set(roles), when: plain(when) });
  return { key: flowText(item), item };
};

export const writeRbacPolicy = (node: RbacPolicyNode): WrittenMap =>
  map({
    type: plain(node.type),
    roles: map(
      Object.fromEntries(
        Object.entries(node.roles).map(([role, permissions]) => [
          role,
          map({ allow: keyed(permissions.map(permissionItem), false) }),
        ]),
      ),
    ),
    bindings: keyed(node.bindings.map(bindingItem), false),
  });

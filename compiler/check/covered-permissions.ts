/** Permissions and bindings of an `rbac` policy that change nothing, because others grant the same already. */
import { type Configuration, placeAt } from '../configuration.ts';
import type { Report } from '../diagnostics/report.ts';
import type { Path } from '../source/tree.ts';
import type { Check } from './check.ts';
import { constantOf } from './constant.ts';
import { covers } from './glob-relations.ts';
import type { RbacData } from './rbac.ts';

type Permission = NonNullable<RbacData['roles'][string]['allow']>[number];

/** A permission where it is written. */
interface Granted {
  readonly permission: Permission;
  readonly path: Path;
}

const isOpen = ({ names, uris }: Permission): boolean => names === undefined && uris === undefined;

const allCovered = (narrow: readonly string[] = [], wide: readonly string[] = []): boolean =>
  narrow.every((item) => !item.includes('..') && wide.some((other) => covers(other, item)));

const grantsAll = (wide: Permission, narrow: Permission): boolean => {
  if (wide.method !== '*' && wide.method !== narrow.method) return false;
  if (isOpen(wide)) return true;
  return !isOpen(narrow) && allCovered(narrow.names, wide.names) && allCovered(narrow.uris, wide.uris);
};

/** Roles of more are made by programs, which nobody tells what is left over. */
const MAX_REACH = 100;

/** Roles whose permissions a role has: itself, and what it includes. */
const reachOf = (policy: RbacData, role: string): ReadonlySet<string> => {
  const reached = new Set([role]);
  for (const each of reached) {
    if (reached.size > MAX_REACH) break;
    for (const other of policy.roles[each]?.includes ?? []) reached.add(other);
  }
  return reached;
};

const checkRole = (
  config: Configuration,
  policy: RbacData,
  name: string,
  role: string,
  report: Report,
): void => {
  const reach = [...reachOf(policy, role)];
  if (reach.length > MAX_REACH) return;
  const granted = reach.flatMap((each): readonly Granted[] =>
    (policy.roles[each]?.allow ?? []).map((permission, index) => ({
      permission,
      path: ['policies', name, 'roles', each, 'allow', index],
    })),
  );
  const own = granted.slice(0, policy.roles[role]!.allow?.length ?? 0);
  for (const [index, { permission, path }] of own.entries()) {
    const by = granted.find(
      (other, at) =>
        at !== index &&
        grantsAll(other.permission, permission) &&
        (at < index || !grantsAll(permission, other.permission)),
    );
    if (!by) continue;
    const labels = [{ place: placeAt(config, ...by.path, 'method'), text: 'grants it already' }];
    report('GW2031', placeAt(config, ...path, 'method'), { role, from: String(by.path[3]) }, { labels });
  }
};

const checkBindings = (config: Configuration, policy: RbacData, name: string, report: Report): void => {
  const constants = policy.bindings.map(({ when }) => constantOf(when));
  for (const [index, { roles, when }] of policy.bindings.entries()) {
    const place = placeAt(config, 'policies', name, 'bindings', index, 'when');
    if (constants[index] === false) {
      report('GW2032', place, { reason: 'never' });
      continue;
    }
    const by = policy.bindings.findIndex(
      (other, at) =>
        at !== index &&
        roles.every((role) => other.roles.includes(role)) &&
        ((other.when === when && at < index) || (constants[at] === true && constants[index] !== true)),
    );
    if (by < 0) continue;
    const labels = [
      { place: placeAt(config, 'policies', name, 'bindings', by, 'when'), text: 'gives the same roles' },
    ];
    report('GW2032', place, { reason: 'given' }, { labels });
  }
};

export const checkCoveredPermissions: Check = (config, report) => {
  for (const [name, policy] of Object.entries(config.data.policies)) {
    if (policy.type !== 'rbac') continue;
    for (const role of Object.keys(policy.roles)) checkRole(config, policy, name, role, report);
    checkBindings(config, policy, name, report);
  }
};

/** Roles of an `rbac` policy: known, and without cycles. */
import { type Configuration, keyAt, keysAt, placeAt } from '../configuration.ts';
import { meantFix } from '../diagnostics/meant-fix.ts';
import { nearest } from '../diagnostics/nearest.ts';
import type { Report } from '../diagnostics/report.ts';
import type { Path } from '../source/tree.ts';
import type { Check } from './check.ts';

export type RbacData = Extract<Configuration['data']['policies'][string], { type: 'rbac' }>;

/** A role's name where it is used. */
interface RoleUse {
  readonly role: string;
  readonly path: Path;
}

/** Every use of a role: in inclusions, then in bindings. */
export const usesOf = (policy: RbacData, name: string): readonly RoleUse[] => {
  const below = ['policies', name] as const;
  const included = Object.entries(policy.roles).flatMap(([role, { includes }]) =>
    includes!.map((other, index) => ({ role: other, path: [...below, 'roles', role, 'includes', index] })),
  );
  const bound = policy.bindings.flatMap(({ roles }, binding) =>
    roles.map((role, index) => ({ role, path: [...below, 'bindings', binding, 'roles', index] })),
  );
  return [...included, ...bound];
};

const reportUnknown = (
  config: Configuration,
  name: string,
  use: RoleUse,
  roles: readonly string[],
  report: Report,
): void => {
  const near = nearest(use.role, roles);
  const place = placeAt(config, ...use.path);
  report(
    'GW2007',
    place,
    { name: use.role, nearest: near, known: roles },
    near === undefined
      ? {}
      : {
          labels: [
            { place: keyAt(config, 'policies', name, 'roles', near), text: 'similar name defined here' },
          ],
          fixes: meantFix(place, use.role, near, roles),
        },
  );
};

/** The roles of a cycle that `role` is on, closed by itself; undefined if it is on none. */
const cycleOf = (policy: RbacData, role: string): readonly string[] | undefined => {
  /** By each role that was reached, the one that includes it. */
  const from = new Map<string, string>();
  const trailTo = (last: string): readonly string[] => {
    const trail = [last];
    for (let at = last; at !== role; at = from.get(at)!) trail.unshift(from.get(at)!);
    return trail;
  };
  for (const at of withReached([role], from)) {
    for (const next of policy.roles[at]?.includes ?? []) {
      if (next === role) return [...trailTo(at), role];
      if (!from.has(next) && Object.hasOwn(policy.roles, next)) from.set(next, at);
    }
  }
  return undefined;
};

/** Some roles, then whatever is reached while they are looked at. */
function* withReached(first: readonly string[], reached: ReadonlyMap<string, string>): Generator<string> {
  yield* first;
  yield* reached.keys();
}

const checkCycles = (config: Configuration, policy: RbacData, name: string, report: Report): void => {
  const told = new Set<string>();
  for (const role of Object.keys(policy.roles)) {
    const cycle = told.has(role) ? undefined : cycleOf(policy, role);
    if (!cycle) continue;
    for (const member of cycle) told.add(member);
    report('GW2008', keyAt(config, 'policies', name, 'roles', role), { cycle });
  }
};

export const checkRbac: Check = (config, report) => {
  for (const [name, policy] of Object.entries(config.data.policies)) {
    if (policy.type !== 'rbac') continue;
    const roles = keysAt(config, 'policies', name, 'roles');
    for (const use of usesOf(policy, name)) {
      if (!roles.includes(use.role)) reportUnknown(config, name, use, roles, report);
    }
    checkCycles(config, policy, name, report);
  }
};

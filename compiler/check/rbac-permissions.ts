/** Permissions that permit nothing: of methods that are not decided on, or bounded by what their method has not. */
import { type Configuration, keyAt, placeAt } from '../configuration.ts';
import { meantFix } from '../diagnostics/meant-fix.ts';
import { nearest } from '../diagnostics/nearest.ts';
import type { Report } from '../diagnostics/report.ts';
import type { Path } from '../source/tree.ts';
import type { Check } from './check.ts';
import { extensionMethods } from './extension-methods.ts';
import type { RbacData } from './rbac.ts';

type Permission = NonNullable<RbacData['roles'][string]['allow']>[number];

/** What policies decide on, with the key that bounds it; lists, completions and subscriptions follow. */
const BOUNDED_BY: Readonly<Record<string, 'names' | 'uris' | undefined>> = {
  'tools/call': 'names',
  'prompts/get': 'names',
  'resources/read': 'uris',
  '*': undefined,
};

const METHODS = Object.keys(BOUNDED_BY);

const checkPermission = (
  config: Configuration,
  permission: Permission,
  methods: readonly string[],
  path: Path,
  report: Report,
): void => {
  const { method } = permission;
  if (!methods.includes(method)) {
    const near = nearest(method, methods);
    const place = placeAt(config, ...path, 'method');
    const fixes = meantFix(place, method, near, methods);
    report('GW3060', place, { method, methods, nearest: near }, { fixes });
    return;
  }
  const key = BOUNDED_BY[method];
  const other = key === 'names' ? 'uris' : 'names';
  if (key !== undefined && permission[other] && !permission[key]) {
    const place = keyAt(config, ...path, other);
    const fixes = [{ place, text: key, applicability: 'maybe' as const }];
    report('GW3061', place, { method, key: other, meant: key }, { fixes });
  }
};

export const checkRbacPermissions: Check = (config, report) => {
  const methods = [...METHODS, ...new Set(extensionMethods(config))];
  for (const [name, policy] of Object.entries(config.data.policies)) {
    if (policy.type !== 'rbac') continue;
    for (const [role, { allow }] of Object.entries(policy.roles)) {
      for (const [index, permission] of (allow ?? []).entries()) {
        checkPermission(
          config,
          permission,
          methods,
          ['policies', name, 'roles', role, 'allow', index],
          report,
        );
      }
    }
  }
};

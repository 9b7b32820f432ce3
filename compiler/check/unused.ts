/** Definitions that nothing refers to. */
import type { NamedSection } from '../../schema/config/value.ts';
import { keyAt } from '../configuration.ts';
import type { Check } from './check.ts';
import { usesOf } from './rbac.ts';

const KINDS: Readonly<Partial<Record<NamedSection, string>>> = {
  listeners: 'listener',
  identity: 'identity',
  upstreams: 'upstream',
  policies: 'policy',
  limits: 'limit',
};

const checkRoles: Check = (config, report) => {
  for (const [name, policy] of Object.entries(config.data.policies)) {
    if (policy.type !== 'rbac') continue;
    const used = new Set(usesOf(policy, name).map(({ role }) => role));
    for (const role of Object.keys(policy.roles)) {
      if (used.has(role)) continue;
      report('GW2009', keyAt(config, 'policies', name, 'roles', role), { kind: 'role', name: role });
    }
  }
};

export const checkUnused: Check = (config, report) => {
  const used = new Set(
    config.scalars.map(({ scalar, schema }) => `${schema['x-name-of'] ?? ''} ${scalar.value}`),
  );
  for (const [section, kind] of Object.entries(KINDS)) {
    for (const [name, place] of config.names[section as NamedSection]) {
      if (used.has(`${section} ${name}`)) continue;
      if (section === 'listeners' && config.data.listeners[name]?.serve !== undefined) continue;
      report('GW2009', place, { kind, name });
    }
  }
  checkRoles(config, report);
};

/** Tenants, by name. */
import type { TenantNode } from '../../schema/graph/tenant.ts';
import type { GatewayData } from '../configuration.ts';

/** Undefined where there is none. */
export const lowerTenants = (
  tenants: GatewayData['tenants'],
): Readonly<Record<string, TenantNode>> | undefined => {
  const entries = Object.entries(tenants).sort(([a], [b]) => (a < b ? -1 : 1));
  if (entries.length === 0) return undefined;
  return Object.fromEntries(entries.map(([name, { match, limits }]) => [name, { name, match, limits }]));
};

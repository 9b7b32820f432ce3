/** Tenants of a graph that is read. */
import type { TenantNode } from '../../../schema/graph/tenant.ts';
import { fields, list, literal } from '../shape.ts';

export const tenantShape = fields<TenantNode>({ name: literal, match: literal, limits: list(literal) });

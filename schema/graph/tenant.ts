/** Tenants as compiled. */

export interface TenantNode {
  readonly name: string;
  /** CEL over the call environment: whether a call is of this tenant. */
  readonly match: string;
  /** Names of limits that count or hold, each counted apart for each tenant. */
  readonly limits: readonly string[];
}

/** Which calls are of a tenant, and how they are counted apart. */
import type { CallFacts } from '../../schema/decision.ts';
import type { TenantNode } from '../../schema/graph/tenant.ts';
import { CALL_ENVIRONMENT } from '../cel/environment.ts';
import { prepareCel } from '../cel/program.ts';
import type { LimitScope } from './scope.ts';

/** Whether a call is of the tenant; where the condition has no value it is of another. */
export const prepareTenant = ({ match }: TenantNode): ((facts: CallFacts) => boolean) => {
  const program = prepareCel(match, CALL_ENVIRONMENT);
  return (facts) => program.evaluate(facts) === true;
};

/** What a call is counted under where a limit has one key for all. */
export const NO_KEY = '';

/** What the calls of a tenant are counted under that would be under `key` for a server: of no other is it the same. */
export const tenantKey = (tenant: string, key: string): string => `tenant:${tenant}:${key}`;

/** `scope` for the calls of one tenant. */
export const tenantScope = (
  { name }: TenantNode,
  isOf: (facts: CallFacts) => boolean,
  scope: LimitScope,
): LimitScope => ({
  cost: (facts) => (isOf(facts) ? scope.cost(facts) : 0),
  key: (facts) => tenantKey(name, scope.key(facts)),
});

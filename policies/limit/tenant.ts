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

/** `scope` for the calls of one tenant: a key of another, or of a server, is never the same. */
export const tenantScope = (
  { name }: TenantNode,
  isOf: (facts: CallFacts) => boolean,
  scope: LimitScope,
): LimitScope => ({
  cost: (facts) => (isOf(facts) ? scope.cost(facts) : 0),
  key: (facts) => `tenant:${name}:${scope.key(facts)}`,
});

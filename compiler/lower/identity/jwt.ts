/** `jwt`: where the keys come from, and how claims become a principal. */
import type { JwtIdentityNode } from '../../../schema/graph/identity.ts';
import type { GatewayData } from '../../configuration.ts';
import type { Inputs } from '../../input/inputs.ts';
import { given, toMs } from '../measure.ts';

type JwtData = Extract<GatewayData['identity'][string], { type: 'jwt' }>;

const keysOf = (identity: JwtData, name: string, inputs: Inputs): JwtIdentityNode['keys'] => {
  const jwks = inputs.jwks.get(name);
  if (jwks) return { type: 'local', jwks };
  return identity.jwks === undefined ? { type: 'discovery' } : { type: 'remote', url: identity.jwks };
};

export const lowerJwt = (identity: JwtData, name: string, inputs: Inputs): JwtIdentityNode => ({
  kind: 'identity',
  type: 'jwt',
  name,
  issuer: identity.issuer,
  keys: keysOf(identity, name, inputs),
  algorithms: identity.algorithms!,
  ...given('audience', identity.audience),
  clockToleranceMs: toMs(identity.clockTolerance!),
  principal: {
    id: identity.principal!.id!,
    ...given('roles', identity.principal!.roles),
    ...given('tenant', identity.principal!.tenant),
  },
});

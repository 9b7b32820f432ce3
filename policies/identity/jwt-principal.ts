/** Who a JWT stands for. */
import type { Principal } from '../../schema/principal.ts';
import type { ClaimsOutcome } from '../claims.ts';
import type { TokenTerms } from './jwt-terms.ts';
import { invalid, type Refusal } from './verdict.ts';

/** What a principal is made of; undefined refuses the token without saying why. */
export type ClaimsMapping = (claims: Readonly<Record<string, unknown>>) => ClaimsOutcome | undefined;

const scopesOf = ({ scope, scp }: Readonly<Record<string, unknown>>): readonly string[] => {
  if (typeof scope === 'string') return scope.split(' ').filter((part) => part !== '');
  if (typeof scp === 'string') return scp.split(' ').filter((part) => part !== '');
  return Array.isArray(scp) ? scp.filter((part) => typeof part === 'string') : [];
};

/** The principal of claims that an identity vouches for; a refusal if they name nobody. */
export const jwtPrincipal = (
  identity: string,
  claims: Readonly<Record<string, unknown>>,
  terms: TokenTerms,
  mapClaims: ClaimsMapping,
): Principal | Refusal => {
  const mapped = mapClaims(claims);
  if (mapped?.kind !== 'mapped') return invalid('principal', mapped?.problem);
  return Object.freeze({
    id: mapped.id,
    key: `${identity}:${mapped.id}`,
    kind: 'user' as const,
    identity,
    roles: mapped.roles,
    tenant: mapped.tenant,
    assurance: 1,
    claims,
    scopes: Object.freeze(scopesOf(claims)),
    expiresAtMs: terms.expiresAtMs,
  });
};

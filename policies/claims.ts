/** How the claims of a token become a principal. */
import type { CelError, CelValue } from '@bufbuild/cel';
import type { JwtIdentityNode } from '../schema/graph/identity.ts';
import { CLAIMS_ENVIRONMENT, type ClaimsFacts, UNKNOWN } from './cel/environment.ts';
import { celLibrary } from './cel/late-library.ts';
import { isMissing, prepareCel } from './cel/program.ts';

export type ClaimsOutcome =
  | {
      readonly kind: 'mapped';
      readonly id: string;
      readonly roles: readonly string[];
      readonly tenant: string;
    }
  /** The token names nobody; `problem` is for the log only. */
  | { readonly kind: 'error'; readonly problem: string };

const MAX_ID_LENGTH = 1024;

const NO_ROLES: readonly string[] = Object.freeze([]);

/**
 * A claim that is absent or null leaves roles and tenant empty. An absent or empty `id`, a value of another type
 * and any other error refuse the token: a role that cannot be read is not the same as none.
 *
 * @throws Error for an expression that the compiler's checker would have refused.
 */
export const prepareClaims = (
  principal: JwtIdentityNode['principal'],
): ((claims: ClaimsFacts['claims']) => ClaimsOutcome) => {
  const readId = prepareField(principal.id);
  const readRoles = prepareField(principal.roles);
  const readTenant = prepareField(principal.tenant);
  return (claims) => {
    const facts = { claims };
    const id = readId(facts);
    if (typeof id !== 'string' || id === '' || id.length > MAX_ID_LENGTH) return refused('id', id, 'a text');
    const rolesValue = readRoles(facts);
    const roles = rolesValue === null ? NO_ROLES : textsOf(rolesValue);
    if (roles === undefined) return refused('roles', rolesValue, 'a list of texts');
    const tenant = readTenant(facts) ?? '';
    if (typeof tenant !== 'string') return refused('tenant', tenant, 'a text');
    return { kind: 'mapped', id, roles, tenant };
  };
};

/** Yields null for a claim that is absent. */
const prepareField = (expression: string | undefined): ((facts: ClaimsFacts) => CelValue | CelError) => {
  if (expression === undefined) return () => null;
  const program = prepareCel(expression, CLAIMS_ENVIRONMENT);
  return (facts) => {
    const outcome = program.evaluate(facts);
    if (outcome === UNKNOWN) return null;
    return celLibrary().isCelError(outcome) && isMissing(outcome) ? null : outcome;
  };
};

const textsOf = (value: CelValue | CelError): readonly string[] | undefined => {
  const { isCelError, isCelList } = celLibrary();
  if (isCelError(value) || !isCelList(value)) return undefined;
  const texts = [...value];
  return texts.every((text) => typeof text === 'string') ? Object.freeze(texts) : undefined;
};

const refused = (field: string, value: CelValue | CelError, wanted: string): ClaimsOutcome => ({
  kind: 'error',
  problem: celLibrary().isCelError(value)
    ? `${field}: ${value.message}`
    : `${field}: the claims do not yield ${wanted}`,
});

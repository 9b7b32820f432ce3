/** What the identity tests share. */
import { prepareClaims } from '../../../policies/claims.ts';
import type { IssuerKeys } from '../../../runtime/identity/jwks.ts';
import { openIssuerKeys } from '../../../runtime/identity/jwks.ts';
import { JwtIdentity } from '../../../runtime/identity/jwt.ts';
import type { JwtIdentityNode } from '../../../schema/graph/identity.ts';

export const NOW_MS = Date.UTC(2026, 10, 20, 9);
export const NOW_S = NOW_MS / 1000;
export const RESOURCE = Object.freeze({ server: 'engineering', url: 'https://gw.example/engineering' });
export const ISSUER = 'https://id.example';

/** Claims of a token that is good for `RESOURCE`. */
export const goodClaims = (issuer = ISSUER) => ({
  iss: issuer,
  aud: RESOURCE.url,
  sub: 'alice',
  iat: NOW_S - 10,
  exp: NOW_S + 300,
});

export const jwtNode = (fields: Partial<JwtIdentityNode>): JwtIdentityNode => ({
  kind: 'identity',
  type: 'jwt',
  name: 'workforce',
  issuer: ISSUER,
  keys: { type: 'local', jwks: { keys: [] } },
  algorithms: ['ES256', 'EdDSA', 'RS256', 'PS256', 'ML-DSA-65'],
  clockToleranceMs: 5_000,
  principal: { id: 'claims.sub', roles: 'claims.groups' },
  ...fields,
});

/** A JWT identity over local keys. */
export const localIdentity = (publicJwks: readonly object[], fields: Partial<JwtIdentityNode> = {}) => {
  const keys = { type: 'local' as const, jwks: { keys: publicJwks as Record<string, unknown>[] } };
  const node = jwtNode({ keys, ...fields });
  return new JwtIdentity(
    node,
    openIssuerKeys(node, () => {}),
    prepareClaims(node.principal),
  );
};

/** A JWT identity over the keys that a running issuer publishes. */
export const remoteIdentity = (
  issuer: string,
  keys: JwtIdentityNode['keys'],
  failures: unknown[] = [],
): { readonly identity: JwtIdentity; readonly keys: IssuerKeys } => {
  const node = jwtNode({ issuer, keys });
  const issuerKeys = openIssuerKeys(node, (error) => failures.push(error));
  return { identity: new JwtIdentity(node, issuerKeys, prepareClaims(node.principal)), keys: issuerKeys };
};

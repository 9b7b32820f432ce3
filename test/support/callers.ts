/** Callers with tokens: an identity for a test's configuration, and tokens that it accepts. */
import type { TestGateway } from './gateway.ts';
import { makeSigningKey, mint } from './issuer.ts';

const ISSUER = 'https://id.test.example';

export interface Callers {
  /** The section `identity`, with one named `workforce`. */
  readonly identity: object;
  /** To be written beside gateway.yaml. */
  readonly files: Readonly<Record<string, string>>;
  token(
    gateway: Pick<TestGateway, 'audience'>,
    sub: string,
    groups?: readonly string[],
    claims?: object,
  ): Promise<string>;
}

export const makeCallers = async (): Promise<Callers> => {
  const key = await makeSigningKey('ES256', 'k1');
  return {
    identity: {
      workforce: {
        type: 'jwt',
        issuer: ISSUER,
        jwksFile: './jwks.json',
        principal: { roles: 'claims.groups' },
      },
    },
    files: { 'jwks.json': JSON.stringify({ keys: [key.publicJwk] }) },
    token: (gateway, sub, groups = [], claims = {}) => {
      const seconds = Math.floor(Date.now() / 1000);
      const aud = gateway.audience();
      return mint(key, { iss: ISSUER, sub, aud, groups, iat: seconds, exp: seconds + 300, ...claims });
    },
  };
};

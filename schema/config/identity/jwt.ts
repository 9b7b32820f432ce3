/** `identity.*` of type `jwt`: bearer tokens of an OAuth 2 or OpenID Connect issuer. */
import { type Static, Type } from 'typebox';
import { cel, closed, duration, httpUrl, inputFile, listOf, oneOf, optional } from '../value.ts';

/** Signature algorithms that are accepted: asymmetric only. */
export const JWT_ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
  'ML-DSA-44',
  'ML-DSA-65',
  'ML-DSA-87',
] as const;

export const JwtIdentity = closed(
  {
    type: Type.Literal('jwt', { description: 'Bearer tokens that are JWTs (RFC 9068, RFC 8725).' }),
    issuer: httpUrl({
      description: 'The issuer: compared with `iss`, and the base of discovery.',
      examples: ['https://id.example.com'],
    }),
    jwks: optional(
      httpUrl({
        description: 'Where the issuer publishes its keys, if discovery shall not be asked.',
        examples: ['https://id.example.com/jwks'],
      }),
    ),
    jwksFile: optional(
      inputFile({
        description: 'A JSON Web Key Set in a file beside the configuration: no network is used.',
        examples: ['./jwks.json'],
      }),
    ),
    algorithms: optional(
      listOf(oneOf(JWT_ALGORITHMS, { description: 'A JWS algorithm.' }), {
        description: 'Signature algorithms accepted. `none` and shared-secret algorithms do not exist here.',
        default: ['ES256', 'EdDSA', 'RS256', 'PS256'],
        minItems: 1,
      }),
    ),
    audience: optional(
      listOf(Type.String({ minLength: 1, description: 'A value of `aud`.' }), {
        description: 'Audiences accepted. By default the URL of the server that is called (RFC 8707).',
        minItems: 1,
      }),
    ),
    clockTolerance: optional(
      duration({ description: 'Tolerance on `exp`, `nbf` and `iat`.', default: '5s' }),
    ),
    principal: optional(
      closed(
        {
          id: optional(cel('claims', 'string', { description: "The caller's id.", default: 'claims.sub' })),
          roles: optional(
            cel('claims', 'list(string)', {
              description: "The caller's roles.",
              examples: ['claims.groups'],
            }),
          ),
          tenant: optional(
            cel('claims', 'string', { description: "The caller's tenant.", examples: ['claims.org_id'] }),
          ),
        },
        {
          description:
            'How claims become a principal, in CEL over `claims`. A claim that is absent leaves its field empty, `id` excepted.',
          default: {},
        },
      ),
    ),
  },
  { description: 'Bearer tokens that are JWTs.' },
);

export type JwtIdentity = Static<typeof JwtIdentity>;

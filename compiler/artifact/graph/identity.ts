/** Identities of a graph that is read. */
import type {
  ApiKeyEntry,
  ApiKeyIdentityNode,
  IdentityNode,
  JwtIdentityNode,
} from '../../../schema/graph/identity.ts';
import {
  anything,
  byType,
  fields,
  list,
  literal,
  number,
  oneOf,
  optional,
  record,
  type Shape,
  text,
} from '../shape.ts';

type KeysOf<T extends JwtIdentityNode['keys']['type']> = Extract<
  JwtIdentityNode['keys'],
  { readonly type: T }
>;
type JwkSet = KeysOf<'local'>['jwks'];

const jwks: Shape<JwkSet> = fields<JwkSet>({ keys: list(record(anything)) });

const jwt = fields<JwtIdentityNode>({
  kind: oneOf('identity'),
  type: oneOf('jwt'),
  name: literal,
  issuer: text,
  keys: byType<JwtIdentityNode['keys']>({
    discovery: fields<KeysOf<'discovery'>>({ type: oneOf('discovery') }),
    remote: fields<KeysOf<'remote'>>({ type: oneOf('remote'), url: text }),
    local: fields<KeysOf<'local'>>({ type: oneOf('local'), jwks }),
  }),
  algorithms: list(literal),
  audience: optional(list(text)),
  clockToleranceMs: number,
  principal: fields<JwtIdentityNode['principal']>({
    id: literal,
    roles: optional(literal),
    tenant: optional(literal),
  }),
});

const apiKey = fields<ApiKeyIdentityNode>({
  kind: oneOf('identity'),
  type: oneOf('api-key'),
  name: literal,
  keys: list(
    fields<ApiKeyEntry>({
      id: literal,
      hash: literal,
      servers: list(literal),
      roles: list(literal),
      tenant: literal,
      notAfterMs: optional(number),
    }),
  ),
});

export const identityShape = byType<IdentityNode>({ jwt, 'api-key': apiKey });

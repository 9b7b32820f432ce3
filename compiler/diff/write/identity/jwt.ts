/** `jwt` as gateway.yaml says it. */
import type { JwtIdentityNode } from '../../../../schema/graph/identity.ts';
import { digestOf, duration, keyed, map, plain, set, type WrittenMap } from '../../written.ts';

const writeKeys = (keys: JwtIdentityNode['keys']) => {
  switch (keys.type) {
    case 'discovery':
      return {};
    case 'remote':
      return { jwks: plain(keys.url) };
    case 'local':
      return {
        jwksFile: keyed(
          keys.jwks.keys.map((key, index) => {
            const name = `key ${String(key.kid ?? index)}`;
            return { key: name, item: digestOf(name, key) };
          }),
          false,
        ),
      };
  }
};

export const writeJwt = (node: JwtIdentityNode): WrittenMap =>
  map({
    type: plain(node.type),
    issuer: plain(node.issuer),
    ...writeKeys(node.keys),
    algorithms: set(node.algorithms),
    audience: node.audience && set(node.audience),
    clockTolerance: duration(node.clockToleranceMs),
    principal: map({
      id: plain(node.principal.id),
      roles: plain(node.principal.roles),
      tenant: plain(node.principal.tenant),
    }),
  });

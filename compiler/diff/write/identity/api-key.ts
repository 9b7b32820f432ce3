/** `api-key` as its keys file says it. Hashes are compared and not shown. */
import type { ApiKeyEntry, ApiKeyIdentityNode } from '../../../../schema/graph/identity.ts';
import { digestOf, keyed, map, plain, set, type WrittenMap } from '../../written.ts';

const writeKey = (key: ApiKeyEntry): WrittenMap =>
  map({
    hash: digestOf('(masked)', key.hash),
    servers: set(key.servers),
    roles: set(key.roles),
    tenant: plain(key.tenant === '' ? undefined : key.tenant),
    notAfter: plain(
      key.notAfterMs === undefined ? undefined : new Date(key.notAfterMs).toISOString().replace('.000Z', 'Z'),
    ),
  });

export const writeApiKey = (node: ApiKeyIdentityNode): WrittenMap =>
  map({
    type: plain(node.type),
    keys: keyed(
      node.keys.map((key) => ({ key: key.id, item: writeKey(key) })),
      false,
    ),
  });

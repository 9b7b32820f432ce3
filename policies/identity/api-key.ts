/** Who an API key stands for, and where and how long it counts. */
import type { ApiKeyEntry } from '../../schema/graph/identity.ts';
import type { Principal } from '../../schema/principal.ts';
import { invalid, type ProtectedResource, type Verdict } from './verdict.ts';

/** What is looked at each time a key is used. */
export interface KeyTerms {
  readonly servers: ReadonlySet<string>;
  readonly notAfterMs: number;
  readonly principal: Principal;
}

export const keyTerms = (identity: string, entry: ApiKeyEntry): KeyTerms => ({
  servers: new Set(entry.servers),
  notAfterMs: entry.notAfterMs ?? Number.POSITIVE_INFINITY,
  principal: Object.freeze({
    id: entry.id,
    key: `${identity}:${entry.id}`,
    kind: 'api-key' as const,
    identity,
    roles: Object.freeze([...entry.roles]),
    tenant: entry.tenant,
    assurance: 1,
    claims: Object.freeze({}),
    scopes: Object.freeze([]),
    ...(entry.notAfterMs === undefined ? {} : { expiresAtMs: entry.notAfterMs }),
  }),
});

/** What becomes of a key whose secret was the right one. */
export const judgeKey = (
  { servers, notAfterMs, principal }: KeyTerms,
  resource: ProtectedResource,
  nowMs: number,
): Verdict => {
  if (nowMs >= notAfterMs) return invalid('api_key');
  return servers.has(resource.server) ? principal : { kind: 'forbidden' };
};

/** Whether an issuer's keys can be had, and fit the algorithms that are accepted. */
import { Agent } from 'undici';
import { discoverJwksUri } from '../../runtime/identity/discovery.ts';
import { fetchJson } from '../../runtime/identity/fetch-json.ts';
import type { JwtIdentityNode } from '../../schema/graph/identity.ts';
import { failureText } from './failure.ts';
import type { OnlineFinding } from './finding.ts';
import { reach } from './reach.ts';

interface PublishedKey {
  readonly kty?: unknown;
  readonly crv?: unknown;
  readonly alg?: unknown;
  readonly use?: unknown;
}

/** What a key must be for an algorithm (RFC 7518, section 3.1; RFC 8037; RFC 9964). */
const KEY_OF: Readonly<Record<string, readonly [kty: string, crv?: string]>> = {
  ES256: ['EC', 'P-256'],
  ES384: ['EC', 'P-384'],
  ES512: ['EC', 'P-521'],
  EdDSA: ['OKP', 'Ed25519'],
  Ed25519: ['OKP', 'Ed25519'],
};

const fits = ({ kty, crv, alg, use }: PublishedKey, algorithm: string): boolean => {
  if (use !== undefined && use !== 'sig') return false;
  if (alg !== undefined && alg !== algorithm && !(kty === 'OKP' && crv === 'Ed25519')) return false;
  if (algorithm.startsWith('RS') || algorithm.startsWith('PS')) return kty === 'RSA';
  const wanted = KEY_OF[algorithm];
  if (wanted === undefined) return kty === 'AKP' && alg === algorithm;
  return kty === wanted[0] && crv === wanted[1];
};

const keysIn = (document: unknown): readonly PublishedKey[] | undefined => {
  const { keys } = (document ?? {}) as { readonly keys?: unknown };
  return Array.isArray(keys) ? keys.filter((key) => typeof key === 'object' && key !== null) : undefined;
};

const judge = (
  { name, issuer, algorithms }: JwtIdentityNode,
  document: unknown,
): OnlineFinding | undefined => {
  const path = ['identity', name];
  const keys = keysIn(document);
  if (keys === undefined)
    return { code: 'GW5004', path, data: { issuer, reason: 'it is no JSON Web Key Set' } };
  const isFitting = keys.some((key) => algorithms.some((algorithm) => fits(key, algorithm)));
  if (isFitting) return undefined;
  return { code: 'GW5005', path: [...path, 'algorithms'], data: { issuer, algorithms } };
};

/** The first thing that is wrong. Only public documents are asked for. */
export const askIssuer = async (
  node: JwtIdentityNode,
  waitMs: number,
): Promise<OnlineFinding | undefined> => {
  const { name, issuer, keys } = node;
  if (keys.type === 'local') return undefined;
  const path = ['identity', name, keys.type === 'remote' ? 'jwks' : 'issuer'];
  const unreached = await reach(keys.type === 'remote' ? keys.url : issuer, undefined, path, waitMs);
  if (unreached !== undefined) return unreached;
  const agent = new Agent({ connect: { timeout: waitMs } });
  try {
    const signal = AbortSignal.timeout(2 * waitMs);
    const url = keys.type === 'remote' ? keys.url : await discoverJwksUri(issuer, agent, signal);
    return judge(node, await fetchJson(url, agent, signal));
  } catch (thrown) {
    const isLate = (thrown as Error).name === 'TimeoutError';
    const reason = isLate ? `no answer within ${(2 * waitMs) / 1000} s` : failureText(thrown);
    return { code: 'GW5004', path, data: { issuer, reason } };
  } finally {
    await agent.destroy();
  }
};

/** `identity.*` of type `api-key`: `gw_<id>_<secret>`, of which only the secret's SHA-256 is known here. */
import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import { judgeKey, type KeyTerms, keyTerms } from '../../policies/identity/api-key.ts';
import { invalid, type ProtectedResource, type Verdict } from '../../policies/identity/verdict.ts';
import type { ApiKeyEntry, ApiKeyIdentityNode } from '../../schema/graph/identity.ts';
import type { Identity } from './identity.ts';

/** What an API key begins with, and no other bearer token does. */
export const API_KEY_PREFIX = 'gw_';
/** What the id of a key looks like. It has no `_`, which ends it. */
export const API_KEY_ID = /^[A-Za-z0-9]{1,64}$/;

const SECRET_BYTES = 32;
const MAX_LENGTH = 256;

/** The secret's SHA-256, hexadecimal: what a keys file holds. */
export const hashApiKeySecret = (secret: string): string => hash('sha256', secret, 'hex');

/** A new key for `id`: the text for its owner, and the hash for the keys file. */
export const makeApiKey = (id: string): { readonly key: string; readonly hash: string } => {
  const secret = randomBytes(SECRET_BYTES).toString('base64url');
  return { key: `${API_KEY_PREFIX}${id}_${secret}`, hash: hashApiKeySecret(secret) };
};

interface KnownKey extends KeyTerms {
  readonly hash: Buffer;
}

const HASH = /^[0-9a-f]{64}$/i;

const hashOf = (entry: ApiKeyEntry): Buffer => {
  if (!HASH.test(entry.hash)) throw new Error(`key ${entry.id}: hash is not a SHA-256 in hexadecimal`);
  return Buffer.from(entry.hash, 'hex');
};

const known = (identity: string, entry: ApiKeyEntry): KnownKey => ({
  hash: hashOf(entry),
  ...keyTerms(identity, entry),
});

const NOBODY = Buffer.alloc(32);

/** Judges API keys. Throws when made of a hash that is none. An id that nobody has costs the same as a wrong secret. */
export class ApiKeyIdentity implements Identity {
  readonly name: string;
  readonly type = 'api-key';
  readonly issuer = '';
  readonly #keys: ReadonlyMap<string, KnownKey>;

  constructor(node: ApiKeyIdentityNode) {
    this.name = node.name;
    this.#keys = new Map(node.keys.map((entry) => [entry.id, known(node.name, entry)]));
  }

  verify(token: string, resource: ProtectedResource, nowMs: number): Verdict {
    if (token.length > MAX_LENGTH || !token.startsWith(API_KEY_PREFIX)) return invalid('malformed');
    const end = token.indexOf('_', API_KEY_PREFIX.length);
    if (end === -1) return invalid('malformed');
    const key = this.#keys.get(token.slice(API_KEY_PREFIX.length, end));
    const presented = hash('sha256', token.slice(end + 1), 'buffer');
    const matches = timingSafeEqual(presented, key?.hash ?? NOBODY);
    return matches && key !== undefined ? judgeKey(key, resource, nowMs) : invalid('api_key');
  }

  async close(): Promise<void> {}
}

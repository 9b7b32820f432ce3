/** The public keys of a JSON Web Key Set (RFC 7517), ready to check signatures. */
import { compactVerify, createLocalJWKSet, errors, type JWK } from 'jose';

/** `unknown-key`: the set has no key that the token could have been signed with. */
export type SignatureVerdict = 'verified' | 'unknown-key' | 'refused';

export interface JwkSet {
  /** How many keys can be used. */
  readonly size: number;
  /** Checks a compact JWS. Only the algorithms listed count, and each only with a key of its own kind. */
  verify(token: string, algorithms: readonly string[]): Promise<SignatureVerdict>;
}

const MAX_KEYS = 100;
/** A token without `kid` is tried with this many keys at most. */
const MAX_ATTEMPTS = 4;

const SECRET_MEMBERS = ['d', 'k', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'priv'];
const SIGNING_KEY_TYPES = new Set(['RSA', 'EC', 'OKP', 'AKP']);

const isPublicSigningKey = (key: unknown): key is JWK => {
  if (typeof key !== 'object' || key === null || Array.isArray(key)) return false;
  const { kty } = key as JWK;
  return (
    typeof kty === 'string' &&
    SIGNING_KEY_TYPES.has(kty) &&
    !SECRET_MEMBERS.some((member) => Object.hasOwn(key, member))
  );
};

const verifyWithEach = async (
  token: string,
  keys: AsyncIterable<CryptoKey>,
  algorithms: string[],
): Promise<SignatureVerdict> => {
  let attempts = 0;
  for await (const key of keys) {
    if (attempts++ === MAX_ATTEMPTS) break;
    try {
      await compactVerify(token, key, { algorithms });
      return 'verified';
    } catch {
      // the next key may be the right one
    }
  }
  return 'refused';
};

/**
 * Reads a JSON Web Key Set. Shared secrets, private keys and keys of unknown types are passed over (RFC 7517,
 * section 5). Undefined if it is no key set.
 */
export const readJwkSet = (document: unknown): JwkSet | undefined => {
  const listed: unknown = (document as { keys?: unknown } | null | undefined)?.keys;
  if (!Array.isArray(listed)) return undefined;
  const keys = listed.filter(isPublicSigningKey).slice(0, MAX_KEYS);
  const select = createLocalJWKSet({ keys });
  return {
    size: keys.length,
    verify: async (token, algorithms) => {
      const allowed = [...algorithms];
      try {
        await compactVerify(token, select, { algorithms: allowed });
        return 'verified';
      } catch (error) {
        if (error instanceof errors.JWKSMultipleMatchingKeys) return verifyWithEach(token, error, allowed);
        return error instanceof errors.JWKSNoMatchingKey ? 'unknown-key' : 'refused';
      }
    },
  };
};

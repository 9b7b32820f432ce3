/** Identities as compiled. */

export interface JwtIdentityNode {
  readonly kind: 'identity';
  readonly type: 'jwt';
  readonly name: string;
  readonly issuer: string;
  readonly keys:
    | { readonly type: 'discovery' }
    | { readonly type: 'remote'; readonly url: string }
    | {
        readonly type: 'local';
        readonly jwks: { readonly keys: readonly Readonly<Record<string, unknown>>[] };
      };
  readonly algorithms: readonly string[];
  /** Absent: the URL of the server that is called. */
  readonly audience?: readonly string[];
  readonly clockToleranceMs: number;
  /** CEL over `claims`. */
  readonly principal: { readonly id: string; readonly roles?: string; readonly tenant?: string };
}

export interface ApiKeyIdentityNode {
  readonly kind: 'identity';
  readonly type: 'api-key';
  readonly name: string;
  /** Sorted by id. */
  readonly keys: readonly ApiKeyEntry[];
}

/** One key of a keys file. Only the hash of its secret is ever stored. */
export interface ApiKeyEntry {
  readonly id: string;
  /** SHA-256 of the secret's text, hexadecimal. */
  readonly hash: string;
  /** Servers that the key opens. */
  readonly servers: readonly string[];
  readonly roles: readonly string[];
  readonly tenant: string;
  /** Milliseconds since the epoch. */
  readonly notAfterMs?: number;
}

export type IdentityNode = JwtIdentityNode | ApiKeyIdentityNode;

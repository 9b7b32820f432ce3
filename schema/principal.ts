/** Who is calling, as policies, limits and records see it. */

/** An identified caller, or the anonymous one. Immutable; one object per token for as long as it is cached. */
export interface Principal {
  /** Unique within its identity; `anonymous` for nobody in particular. */
  readonly id: string;
  /** Unique over all identities: `<identity>:<id>`. What sessions, limits and caches are bound to. */
  readonly key: string;
  readonly kind: 'anonymous' | 'user' | 'api-key';
  /** The name in `identity` that vouched; empty for anonymous. */
  readonly identity: string;
  readonly roles: readonly string[];
  readonly tenant: string;
  /** 0 anonymous, 1 a bearer credential. */
  readonly assurance: number;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly scopes: readonly string[];
  /** When the credential stops being valid, in milliseconds since the epoch; absent if it does not. */
  readonly expiresAtMs?: number;
}

/** The caller of a server with `anonymous: true`. */
export const ANONYMOUS: Principal = Object.freeze({
  id: 'anonymous',
  key: ':anonymous',
  kind: 'anonymous',
  identity: '',
  roles: Object.freeze([]) as readonly string[],
  tenant: '',
  assurance: 0,
  claims: Object.freeze({}),
  scopes: Object.freeze([]) as readonly string[],
});

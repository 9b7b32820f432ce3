/** What comes of a credential: a principal or a refusal. */
import type { Principal } from '../../schema/principal.ts';

/** The server that a token is presented to (RFC 9728, protected resource). One object per server and place. */
export interface ProtectedResource {
  /** Name in `servers`. */
  readonly server: string;
  /** The URL of the MCP endpoint: the audience that is asked for unless the identity names another. */
  readonly url: string;
}

/** Why a token was refused. For the log; callers are told no more than that it is not valid. */
export type InvalidReason =
  | 'too_long'
  | 'malformed'
  | 'algorithm'
  | 'critical_header'
  | 'type'
  | 'issuer'
  | 'audience'
  | 'no_expiry'
  | 'expired'
  | 'not_yet_valid'
  | 'unknown_key'
  | 'signature'
  | 'principal'
  | 'api_key'
  | 'revoked';

/**
 * - `invalid`: not a credential of this identity, or not one any more.
 * - `forbidden`: a good credential, for other servers.
 * - `unavailable`: nothing can be said, because the issuer's keys cannot be had; nobody passes meanwhile.
 */
export type Refusal =
  | { readonly kind: 'invalid'; readonly reason: InvalidReason; readonly problem?: string }
  | { readonly kind: 'forbidden' }
  | { readonly kind: 'unavailable'; readonly retryAfterMs: number };

export type Verdict = Principal | Refusal;

/** Tells a principal from a refusal. */
export const isPrincipal = (verdict: Verdict): verdict is Principal => 'key' in verdict;

/** A frozen refusal of a token that is not valid; `problem` says more, for the log. */
export const invalid = (reason: InvalidReason, problem?: string): Refusal =>
  Object.freeze({ kind: 'invalid', reason, ...(problem !== undefined && { problem }) });

const SEVERITY = { invalid: 0, unavailable: 1, forbidden: 2 } as const;

/** Which of two refusals counts, where no identity vouches. */
export const severer = (one: Refusal, other: Refusal): Refusal =>
  SEVERITY[other.kind] > SEVERITY[one.kind] ? other : one;

/** A scope that a principal needs and lacks; API keys carry no scopes and need none. */
export const missingScope = (principal: Principal, scopes: readonly string[]): string | undefined =>
  principal.kind === 'api-key' ? undefined : scopes.find((scope) => !principal.scopes.includes(scope));

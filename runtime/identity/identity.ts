/** What every kind of identity offers: a token in, a principal or a refusal out. */
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
  | 'api_key';

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

/** A way to establish who is calling, while its fingerprint is in use. Shared between generations. */
export interface Identity {
  /** Name in `identity`. */
  readonly name: string;
  readonly type: 'jwt' | 'api-key';
  /** What `iss` must be; empty if the tokens carry none. */
  readonly issuer: string;
  /**
   * Judges a token presented to `resource`. Answers at once where nothing has to be computed or fetched;
   * a promise never rejects. `nowMs` is milliseconds since the epoch.
   */
  verify(token: string, resource: ProtectedResource, nowMs: number): Verdict | Promise<Verdict>;
  close(): Promise<void>;
}

/** The longest token that is looked at, in characters. */
export const MAX_TOKEN_LENGTH = 16 * 1024;

/** Tells a principal from a refusal. */
export const isPrincipal = (verdict: Verdict): verdict is Principal => 'key' in verdict;

/** A frozen refusal of a token that is not valid; `problem` says more, for the log. */
export const invalid = (reason: InvalidReason, problem?: string): Refusal =>
  Object.freeze({ kind: 'invalid', reason, ...(problem !== undefined && { problem }) });

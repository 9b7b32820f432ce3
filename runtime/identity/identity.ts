/** What every kind of identity offers: a token in, a principal or a refusal out. */
import type { ProtectedResource, Verdict } from '../../policies/identity/verdict.ts';
import type { KnownAuthorization } from '../listen/exchange.ts';

/** A way to establish who is calling, while its fingerprint is in use. Shared between generations. */
export interface Identity {
  /** Name in `identity`. */
  readonly name: string;
  readonly type: 'jwt' | 'api-key';
  /** What `iss` must be; empty if the tokens carry none. */
  readonly issuer: string;
  /**
   * Judges a token presented to `resource`. Answers at once where nothing has to be computed or fetched;
   * a promise never rejects. `nowMs` is milliseconds since the epoch. `known` is of the header that the token came in.
   */
  verify(
    token: string,
    resource: ProtectedResource,
    nowMs: number,
    known?: KnownAuthorization,
  ): Verdict | Promise<Verdict>;
  close(): Promise<void>;
}

/** The longest token that is looked at, in characters. */
export const MAX_TOKEN_LENGTH = 16 * 1024;

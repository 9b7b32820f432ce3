/** When and where a JWT counts, by its claims (RFC 7519, RFC 9068). */
import { invalid, type Refusal } from './verdict.ts';

/** What an identity expects of the claims of its tokens. */
export interface ClaimExpectations {
  readonly issuer: string;
  readonly clockToleranceMs: number;
}

/** What must be looked at each time a token is used, because time passes and servers differ. */
export interface TokenTerms {
  readonly audiences: readonly string[];
  readonly notBeforeMs: number;
  /** With the tolerance. */
  readonly expiresAtMs: number;
}

/** Past the year 9999: milliseconds stay exact. */
const MAX_SECONDS = 1e12;

const isTime = (value: unknown): value is number =>
  typeof value === 'number' && value >= 0 && value < MAX_SECONDS;

const isTimeOrAbsent = (value: unknown): value is number | undefined => value === undefined || isTime(value);

const audiencesOf = (aud: unknown): readonly string[] => {
  if (typeof aud === 'string') return [aud];
  return Array.isArray(aud) && aud.every((audience) => typeof audience === 'string') ? aud : [];
};

/** The terms of claims that are as expected; otherwise why not. */
export const termsOf = (
  claims: Readonly<Record<string, unknown>>,
  expected: ClaimExpectations,
): TokenTerms | Refusal => {
  const { iss, aud, exp, nbf, iat } = claims;
  if (iss !== expected.issuer) return invalid('issuer');
  if (exp === undefined) return invalid('no_expiry');
  if (!isTime(exp) || !isTimeOrAbsent(nbf) || !isTimeOrAbsent(iat)) return invalid('malformed');
  const toleranceMs = expected.clockToleranceMs;
  return {
    audiences: audiencesOf(aud),
    notBeforeMs: Math.max(nbf ?? 0, iat ?? 0) * 1000 - toleranceMs,
    expiresAtMs: exp * 1000 + toleranceMs,
  };
};

const hasCommon = (some: readonly string[], others: readonly string[]): boolean => {
  for (const one of some) if (others.includes(one)) return true;
  return false;
};

/**
 * Why the terms do not admit the token now and here; undefined if they do. `aud` is compared character by
 * character: `https://host/mcp` and `https://host/mcp/` are two audiences (RFC 8707, RFC 3986 6.2.1).
 */
export const termsFault = (
  terms: TokenTerms,
  acceptedAudiences: readonly string[] | undefined,
  resourceUrl: string,
  nowMs: number,
): 'expired' | 'not_yet_valid' | 'audience' | undefined => {
  if (nowMs >= terms.expiresAtMs) return 'expired';
  if (nowMs < terms.notBeforeMs) return 'not_yet_valid';
  const accepted =
    acceptedAudiences === undefined
      ? terms.audiences.includes(resourceUrl)
      : hasCommon(acceptedAudiences, terms.audiences);
  return accepted ? undefined : 'audience';
};

/** What a JWT says, checked for everything but its signature (RFC 7519, RFC 8725, RFC 9068). */
import { type InvalidReason, invalid, type Refusal } from './identity.ts';
import { parseStrictObject } from './strict-json.ts';

/** A compact JWS taken apart, nothing of it believed yet. */
export interface ParsedJwt {
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
}

/** What an identity accepts. */
export interface JwtExpectations {
  readonly issuer: string;
  readonly algorithms: ReadonlySet<string>;
  readonly clockToleranceMs: number;
}

/** What must be looked at each time a token is used, because time passes and servers differ. */
export interface TokenTerms {
  readonly audiences: readonly string[];
  readonly notBeforeMs: number;
  /** With the tolerance. */
  readonly expiresAtMs: number;
}

const COMPACT = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]+$/;
const TYPES = new Set(['jwt', 'at+jwt', 'application/jwt', 'application/at+jwt']);
/** Past the year 9999: milliseconds stay exact. */
const MAX_SECONDS = 1e12;

/** Takes a compact JWS with JSON claims apart; undefined if it is none. */
export const parseJwt = (token: string): ParsedJwt | undefined => {
  const parts = COMPACT.exec(token);
  if (parts === null) return undefined;
  const header = parseStrictObject(Buffer.from(parts[1] as string, 'base64url'));
  if (header === undefined) return undefined;
  const claims = parseStrictObject(Buffer.from(parts[2] as string, 'base64url'));
  return claims && { header, claims };
};

const headerFault = (
  { alg, crit, typ }: Readonly<Record<string, unknown>>,
  algorithms: ReadonlySet<string>,
): InvalidReason | undefined => {
  if (typeof alg !== 'string' || !algorithms.has(alg)) return 'algorithm';
  if (crit !== undefined) return 'critical_header';
  if (typ === undefined) return undefined;
  return typeof typ === 'string' && TYPES.has(typ.toLowerCase()) ? undefined : 'type';
};

const isTime = (value: unknown): value is number =>
  typeof value === 'number' && value >= 0 && value < MAX_SECONDS;

const isTimeOrAbsent = (value: unknown): value is number | undefined => value === undefined || isTime(value);

const audiencesOf = (aud: unknown): readonly string[] => {
  if (typeof aud === 'string') return [aud];
  return Array.isArray(aud) && aud.every((audience) => typeof audience === 'string') ? aud : [];
};

/** The terms of a token whose header and claims are as expected; otherwise why not. */
export const readTerms = (jwt: ParsedJwt, expected: JwtExpectations): TokenTerms | Refusal => {
  const fault = headerFault(jwt.header, expected.algorithms);
  if (fault !== undefined) return invalid(fault);
  const { iss, aud, exp, nbf, iat } = jwt.claims;
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

/**
 * The `iss` that a token claims; undefined if it claims none. Good for choosing who shall check the token, no
 * more: nothing is verified, not even that there is one `iss`.
 */
export const claimedIssuer = (token: string): string | undefined => {
  const start = token.indexOf('.') + 1;
  const end = token.indexOf('.', start);
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.slice(start, end), 'base64url').toString('utf8'));
    const iss = (claims as { iss?: unknown } | null)?.iss;
    return typeof iss === 'string' ? iss : undefined;
  } catch {
    return undefined;
  }
};

/** What a JWT says, checked for everything but its signature (RFC 7519, RFC 8725, RFC 9068). */
import { type TokenTerms, termsOf } from '../../policies/identity/jwt-terms.ts';
import { type InvalidReason, invalid, type Refusal } from '../../policies/identity/verdict.ts';
import { parseExactly } from '../../schema/escaped-keys.ts';
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

const COMPACT = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]+$/;
const TYPES = new Set(['jwt', 'at+jwt', 'application/jwt', 'application/at+jwt']);

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

/** The terms of a token whose header and claims are as expected; otherwise why not. */
export const readTerms = (jwt: ParsedJwt, expected: JwtExpectations): TokenTerms | Refusal => {
  const fault = headerFault(jwt.header, expected.algorithms);
  return fault === undefined ? termsOf(jwt.claims, expected) : invalid(fault);
};

/**
 * The `iss` that a token claims; undefined if it claims none. Good for choosing who shall check the token, no
 * more: nothing is verified, not even that there is one `iss`.
 */
export const claimedIssuer = (token: string): string | undefined => {
  const start = token.indexOf('.') + 1;
  const end = token.indexOf('.', start);
  try {
    const claims: unknown = parseExactly(Buffer.from(token.slice(start, end), 'base64url').toString('utf8'));
    const iss = (claims as { iss?: unknown } | null)?.iss;
    return typeof iss === 'string' ? iss : undefined;
  } catch {
    return undefined;
  }
};

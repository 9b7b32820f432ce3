/** `identity.*` of type `jwt`: bearer tokens that are JWTs of one issuer. */
import { hash } from 'node:crypto';
import { type ClaimsMapping, jwtPrincipal } from '../../policies/identity/jwt-principal.ts';
import { type TokenTerms, termsFault } from '../../policies/identity/jwt-terms.ts';
import {
  type InvalidReason,
  invalid,
  type ProtectedResource,
  type Refusal,
  type Verdict,
} from '../../policies/identity/verdict.ts';
import type { JwtIdentityNode } from '../../schema/graph/identity.ts';
import type { Principal } from '../../schema/principal.ts';
import type { KnownAuthorization } from '../listen/exchange.ts';
import { type Identity, MAX_TOKEN_LENGTH } from './identity.ts';
import type { JwkSet } from './jwk-set.ts';
import { type IssuerKeys, RETRY_MS } from './jwks.ts';
import { type JwtExpectations, parseJwt, readTerms } from './jwt-claims.ts';
import { TokenCache } from './token-cache.ts';

/** A token whose signature was good. */
interface VerifiedToken extends TokenTerms {
  readonly principal: Principal;
}

/** Characters of verified tokens that are remembered: some ten thousand tokens. */
const VERIFIED_WEIGHT = 16 * 1024 * 1024;
/** Refused tokens that are remembered; apart, so that they displace no good one. */
const REFUSED_COUNT = 2_048;
const REFUSED_FOR_MS = 10_000;

const isVerified = (outcome: VerifiedToken | Refusal): outcome is VerifiedToken => 'principal' in outcome;

/** Judges tokens of one issuer. Each token's signature is checked once; its times and audience every time. */
export class JwtIdentity implements Identity {
  readonly name: string;
  readonly type = 'jwt';
  readonly issuer: string;
  readonly #audience: readonly string[] | undefined;
  readonly #algorithms: readonly string[];
  readonly #expected: JwtExpectations;
  readonly #keys: IssuerKeys;
  readonly #mapClaims: ClaimsMapping;
  readonly #verified = new TokenCache<VerifiedToken>(VERIFIED_WEIGHT);
  readonly #refused = new TokenCache<{ readonly refusal: Refusal; readonly untilMs: number }>(REFUSED_COUNT);
  readonly #pending = new Map<string, Promise<VerifiedToken | Refusal>>();
  /** The keys that the caches stand on. */
  #trusted: JwkSet | undefined;

  constructor(node: JwtIdentityNode, keys: IssuerKeys, mapClaims: ClaimsMapping) {
    this.name = node.name;
    this.issuer = node.issuer;
    this.#audience = node.audience;
    this.#algorithms = node.algorithms;
    this.#expected = {
      issuer: node.issuer,
      algorithms: new Set(node.algorithms),
      clockToleranceMs: node.clockToleranceMs,
    };
    this.#keys = keys;
    this.#mapClaims = mapClaims;
  }

  verify(
    token: string,
    resource: ProtectedResource,
    nowMs: number,
    known: KnownAuthorization = { digest: undefined },
  ): Verdict | Promise<Verdict> {
    if (token.length > MAX_TOKEN_LENGTH) return invalid('too_long');
    this.#followKeys(nowMs);
    known.digest ??= hash('sha256', token, 'base64');
    const { digest } = known;
    const verified = this.#verified.get(digest);
    if (verified !== undefined) return this.#judge(verified, resource, nowMs);
    const refused = this.#refused.get(digest);
    if (refused !== undefined && nowMs < refused.untilMs) return refused.refusal;
    return this.#check(token, digest, resource, nowMs);
  }

  async close(): Promise<void> {
    this.#verified.clear();
    this.#refused.clear();
    await this.#keys.close();
  }

  /** What was concluded from keys that are no longer the issuer's is forgotten. */
  #followKeys(nowMs: number): void {
    const keys = this.#keys.current(nowMs);
    if (keys === this.#trusted) return;
    this.#trusted = keys;
    this.#verified.clear();
    this.#refused.clear();
  }

  #judge(token: VerifiedToken, resource: ProtectedResource, nowMs: number): Verdict {
    const fault = termsFault(token, this.#audience, resource.url, nowMs);
    return fault === undefined ? token.principal : invalid(fault);
  }

  /** The slow way: everything that is cheap first, then the signature, once for all who wait for it. */
  #check(
    token: string,
    digest: string,
    resource: ProtectedResource,
    nowMs: number,
  ): Verdict | Promise<Verdict> {
    const jwt = parseJwt(token);
    if (jwt === undefined) return invalid('malformed');
    const terms = readTerms(jwt, this.#expected);
    if ('kind' in terms) return terms;
    const fault = termsFault(terms, this.#audience, resource.url, nowMs);
    if (fault !== undefined) return invalid(fault);
    let pending = this.#pending.get(digest);
    if (pending === undefined) {
      pending = this.#establish(token, digest, jwt.claims, terms, nowMs).finally(() =>
        this.#pending.delete(digest),
      );
      this.#pending.set(digest, pending);
    }
    return pending.then((outcome) => (isVerified(outcome) ? this.#judge(outcome, resource, nowMs) : outcome));
  }

  async #establish(
    token: string,
    digest: string,
    claims: Readonly<Record<string, unknown>>,
    terms: TokenTerms,
    nowMs: number,
  ): Promise<VerifiedToken | Refusal> {
    const signature = await this.#checkSignature(token, nowMs);
    if (signature.refusal?.kind === 'unavailable') return signature.refusal;
    const principal = signature.refusal ?? jwtPrincipal(this.name, claims, terms, this.#mapClaims);
    const known = signature.keys === this.#trusted;
    if ('key' in principal) {
      const verified = { ...terms, principal };
      if (known) this.#verified.set(digest, verified, token.length);
      return verified;
    }
    if (known && principal.kind === 'invalid' && principal.reason !== 'unknown_key') {
      this.#refused.set(digest, { refusal: principal, untilMs: nowMs + REFUSED_FOR_MS }, 1);
    }
    return principal;
  }

  async #checkSignature(
    token: string,
    nowMs: number,
  ): Promise<{ readonly keys: JwkSet | undefined; readonly refusal?: Refusal }> {
    let keys = this.#keys.current(nowMs);
    let verdict = await keys?.verify(token, this.#algorithms);
    if (verdict === undefined || verdict === 'unknown-key') {
      const fetched = await this.#keys.refresh(nowMs);
      this.#followKeys(nowMs);
      keys = this.#trusted;
      verdict = await keys?.verify(token, this.#algorithms);
      if (verdict === undefined || (verdict === 'unknown-key' && !fetched)) {
        return { keys, refusal: { kind: 'unavailable', retryAfterMs: RETRY_MS } };
      }
    }
    if (verdict === 'verified') return { keys };
    const reason: InvalidReason = verdict === 'unknown-key' ? 'unknown_key' : 'signature';
    return { keys, refusal: invalid(reason) };
  }
}

/** The stage that finds out who is calling a server. */
import {
  type Answer,
  CREDENTIAL_INVALID,
  CREDENTIAL_MISSING,
  CREDENTIAL_OF_OTHERS,
  SCOPE_MISSING,
} from '../../policies/answers.ts';
import {
  type InvalidReason,
  invalid,
  isPrincipal,
  missingScope,
  type ProtectedResource,
  type Refusal,
  severer,
  type Verdict,
} from '../../policies/identity/verdict.ts';
import { ANONYMOUS, type Principal } from '../../schema/principal.ts';
import { answerError, asGatewayError, GatewayError, RPC } from '../errors.ts';
import type { Exchange, KnownAuthorization } from '../listen/exchange.ts';
import { NOBODY_REVOKED, REVOCATIONS_UNKNOWN, type RevocationJudge } from '../revocation/revocations.ts';
import { API_KEY_PREFIX } from './api-key.ts';
import { bearerToken, hasQueryToken, SEVERAL } from './bearer.ts';
import { type Challenges, prepareChallenges } from './challenge.ts';
import { type Identity, MAX_TOKEN_LENGTH } from './identity.ts';
import { claimedIssuer } from './jwt-claims.ts';
import { resourceMetadataUrl } from './resource-metadata.ts';

/** A server at one of its places. */
export interface GuardedServer {
  readonly name: string;
  /** Names in `identity`. */
  readonly identities: readonly string[];
  readonly anonymous: boolean;
  /** What a token of an authorization server must have. API keys carry no scopes and need none. */
  readonly scopes: readonly string[];
  /** The URL of the MCP endpoint: the listener's and the path. */
  readonly url: string;
}

/**
 * Tells who is calling, or the error to answer with: 401, 400 or 403 with a challenge in `headers`, 503 where an
 * issuer's keys cannot be had. Calls `done` exactly once, at once where the token is known.
 */
export type Authenticate = (
  exchange: Pick<Exchange, 'request' | 'path'>,
  nowMs: number,
  done: (outcome: Principal | GatewayError) => void,
) => void;

const refusal = (answer: Answer, headers: readonly string[] = [], cause?: string) =>
  answerError(answer, { headers, cause });

const malformed = (message: string, headers: readonly string[]) =>
  new GatewayError('unauthenticated', message, { status: 400, rpcCode: RPC.refused, headers });

/** The errors of one server, each made once, when it is met first: refusing a flood must be cheap, and so must a reload. */
class Refusals {
  readonly #challenges: Challenges;
  readonly #invalid = new Map<InvalidReason, GatewayError>();
  #missing: GatewayError | undefined;
  #several: GatewayError | undefined;
  #inQuery: GatewayError | undefined;
  #scope: GatewayError | undefined;
  #forbidden: GatewayError | undefined;

  constructor(challenges: Challenges) {
    this.#challenges = challenges;
  }

  get missing(): GatewayError {
    this.#missing ??= refusal(CREDENTIAL_MISSING, this.#challenges.missing);
    return this.#missing;
  }

  get several(): GatewayError {
    this.#several ??= malformed('more than one Authorization header', this.#challenges.invalidRequest);
    return this.#several;
  }

  get inQuery(): GatewayError {
    this.#inQuery ??= malformed(
      'an access token belongs in the Authorization header, not in the URL',
      this.#challenges.invalidRequest,
    );
    return this.#inQuery;
  }

  get scope(): GatewayError {
    this.#scope ??= refusal(SCOPE_MISSING, this.#challenges.insufficientScope);
    return this.#scope;
  }

  of(reason: Refusal): GatewayError {
    switch (reason.kind) {
      case 'invalid':
        return this.#invalidFor(reason.reason, reason.problem);
      case 'forbidden':
        this.#forbidden ??= refusal(CREDENTIAL_OF_OTHERS);
        return this.#forbidden;
      case 'unavailable':
        return new GatewayError('upstream_unavailable', 'the access token cannot be checked at present', {
          status: 503,
          rpcCode: RPC.upstream,
          retryAfterMs: reason.retryAfterMs,
        });
    }
  }

  #invalidFor(reason: InvalidReason, problem: string | undefined): GatewayError {
    if (problem !== undefined) return this.#invalidToken(`${reason}: ${problem}`);
    let error = this.#invalid.get(reason);
    if (error === undefined) {
      error = this.#invalidToken(reason);
      this.#invalid.set(reason, error);
    }
    return error;
  }

  #invalidToken(cause: string): GatewayError {
    return refusal(CREDENTIAL_INVALID, this.#challenges.invalidToken, cause);
  }
}

const REVOKED = invalid('revoked');

/** Asks each identity in turn from `index` on; the severest refusal counts if none vouches. */
const ask = (
  candidates: readonly Identity[],
  index: number,
  refused: Refusal,
  token: string,
  resource: ProtectedResource,
  nowMs: number,
  authorization: KnownAuthorization | undefined,
): Verdict | Promise<Verdict> => {
  const candidate = candidates[index];
  if (candidate === undefined) return refused;
  const verdict = candidate.verify(token, resource, nowMs, authorization);
  const next = (known: Verdict) =>
    isPrincipal(known)
      ? known
      : ask(candidates, index + 1, severer(refused, known), token, resource, nowMs, authorization);
  return verdict instanceof Promise ? verdict.then(next) : next(verdict);
};

/** Chooses who shall judge a token: the prefix tells API keys, an unverified `iss` tells issuers apart. */
const prepareChoice = (identities: readonly Identity[]) => {
  const keys = identities.filter((identity) => identity.type === 'api-key');
  const issuers = identities.filter((identity) => identity.type === 'jwt');
  return (token: string): readonly Identity[] => {
    if (token.startsWith(API_KEY_PREFIX)) return keys;
    if (issuers.length < 2 || token.length > MAX_TOKEN_LENGTH) return issuers;
    const issuer = claimedIssuer(token);
    return issuers.filter((identity) => identity.issuer === issuer);
  };
};

/**
 * Prepares the stage for a server at one place. A server that is anonymous and has no identities looks at no
 * header. Throws if an identity is missing from `identities`, which the compiler rules out. Whoever is vouched for is
 * judged by `revocations` every time: what an identity remembers of a token does not matter.
 */
export const prepareAuthenticate = (
  server: GuardedServer,
  identities: ReadonlyMap<string, Identity>,
  revocations: RevocationJudge = NOBODY_REVOKED,
): Authenticate => {
  const own = server.identities.map((name) => {
    const identity = identities.get(name);
    if (identity === undefined) throw new Error(`identity ${name} is not prepared`);
    return identity;
  });
  if (own.length === 0) {
    if (!server.anonymous) throw new Error(`server ${server.name} has no identity and is not anonymous`);
    return (_exchange, _nowMs, done) => done(ANONYMOUS);
  }
  const metadataUrl = own.some(({ type }) => type === 'jwt') ? resourceMetadataUrl(server.url) : '';
  const refusals = new Refusals(prepareChallenges(metadataUrl, server.scopes));
  const choose = prepareChoice(own);
  const resource: ProtectedResource = Object.freeze({ server: server.name, url: server.url });

  const conclude = (verdict: Verdict, nowMs: number): Principal | GatewayError => {
    if (!isPrincipal(verdict)) return refusals.of(verdict);
    if (revocations.mayRefuse) {
      const standing = revocations.verdict(verdict, nowMs);
      if (standing === 'revoked') return refusals.of(REVOKED);
      if (standing === 'unknown') return REVOCATIONS_UNKNOWN;
    }
    return missingScope(verdict, server.scopes) === undefined ? verdict : refusals.scope;
  };

  return (exchange, nowMs, done) => {
    const { url = '', authorization } = exchange.request;
    const token = bearerToken(exchange.request);
    if (token === SEVERAL) return done(refusals.several);
    if (url.length !== exchange.path.length && hasQueryToken(url)) return done(refusals.inQuery);
    if (token === undefined) return done(server.anonymous ? ANONYMOUS : refusals.missing);
    const candidates = choose(token);
    const verdict =
      candidates.length === 1
        ? (candidates[0] as Identity).verify(token, resource, nowMs, authorization)
        : ask(candidates, 0, invalid('issuer'), token, resource, nowMs, authorization);
    if (!(verdict instanceof Promise)) return done(conclude(verdict, nowMs));
    verdict.then(
      (known) => done(conclude(known, nowMs)),
      (bug: unknown) => done(asGatewayError(bug)),
    );
  };
};

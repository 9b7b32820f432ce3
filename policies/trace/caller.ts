/** Who a traced request is taken to come from, by the identities of its server. */
import type { Graph } from '../../schema/graph/graph.ts';
import type { ApiKeyIdentityNode, IdentityNode, JwtIdentityNode } from '../../schema/graph/identity.ts';
import type { ServerNode } from '../../schema/graph/server.ts';
import { ANONYMOUS, type Principal } from '../../schema/principal.ts';
import {
  type Answer,
  CREDENTIAL_INVALID,
  CREDENTIAL_MISSING,
  CREDENTIAL_OF_OTHERS,
  SCOPE_MISSING,
} from '../answers.ts';
import { prepareClaims } from '../claims.ts';
import { judgeKey, keyTerms } from '../identity/api-key.ts';
import { type ClaimsMapping, jwtPrincipal } from '../identity/jwt-principal.ts';
import { termsFault, termsOf } from '../identity/jwt-terms.ts';
import {
  invalid,
  isPrincipal,
  missingScope,
  type ProtectedResource,
  type Refusal,
  severer,
  type Verdict,
} from '../identity/verdict.ts';
import type { TracedCaller } from './request.ts';
import type { AskedIdentity, IdentityStep, ScopeStep, TraceStep, TraceVerdict } from './trace.ts';

/** The identities of a graph, each made ready once. */
export interface PreparedIdentities {
  readonly nodes: Graph['identities'];
  mappingOf(node: JwtIdentityNode): ClaimsMapping;
}

export const prepareIdentities = (nodes: Graph['identities']): PreparedIdentities => {
  const mappings = new Map<string, ClaimsMapping>();
  return {
    nodes,
    mappingOf(node) {
      const known = mappings.get(node.name) ?? prepareClaims(node.principal);
      mappings.set(node.name, known);
      return known;
    },
  };
};

export type AtIdentity =
  | { readonly steps: readonly TraceStep[]; readonly principal: Principal }
  | { readonly steps: readonly TraceStep[]; readonly verdict: TraceVerdict };

/** How long a token is taken to be good for whose claims do not say it. */
const LIFETIME_S = 3600;

type ClaimsCaller = Extract<TracedCaller, { kind: 'claims' }>;

/** The claims with those that every token has and a test need not spell out: who made it, whom for, until when. */
const wholeClaims = (
  { claims, identity }: ClaimsCaller,
  { nodes }: PreparedIdentities,
  resource: ProtectedResource,
  nowMs: number,
): Readonly<Record<string, unknown>> => {
  const node = nodes[identity];
  if (node?.type !== 'jwt') return claims;
  const aud = node.audience?.[0] ?? resource.url;
  return { iss: node.issuer, aud, exp: Math.floor(nowMs / 1000) + LIFETIME_S, ...claims };
};

const judgeClaims = (
  node: JwtIdentityNode,
  claims: Readonly<Record<string, unknown>>,
  identities: PreparedIdentities,
  resource: ProtectedResource,
  nowMs: number,
): Verdict => {
  const terms = termsOf(claims, node);
  if ('kind' in terms) return terms;
  const fault = termsFault(terms, node.audience, resource.url, nowMs);
  if (fault !== undefined) return invalid(fault);
  return jwtPrincipal(node.name, claims, terms, identities.mappingOf(node));
};

const judgeApiKey = (
  node: ApiKeyIdentityNode,
  { identity, id }: Extract<TracedCaller, { kind: 'key' }>,
  resource: ProtectedResource,
  nowMs: number,
): Verdict => {
  const entry = node.name === identity ? node.keys.find((key) => key.id === id) : undefined;
  return entry === undefined ? invalid('api_key') : judgeKey(keyTerms(node.name, entry), resource, nowMs);
};

/** The identities that a credential is shown to, with how each judges it. */
const judgesFor = (
  caller: Extract<TracedCaller, { kind: 'claims' | 'key' }>,
  own: readonly IdentityNode[],
  identities: PreparedIdentities,
  resource: ProtectedResource,
  nowMs: number,
): readonly { readonly name: string; judge(): Verdict }[] => {
  if (caller.kind === 'key')
    return own
      .filter((node) => node.type === 'api-key')
      .map((node) => ({ name: node.name, judge: () => judgeApiKey(node, caller, resource, nowMs) }));
  const claims = wholeClaims(caller, identities, resource, nowMs);
  const issuers = own.filter((node) => node.type === 'jwt');
  const chosen = issuers.length < 2 ? issuers : issuers.filter(({ issuer }) => issuer === claims.iss);
  return chosen.map((node) => ({
    name: node.name,
    judge: () => judgeClaims(node, claims, identities, resource, nowMs),
  }));
};

const asked = (name: string, verdict: Verdict): AskedIdentity => {
  const path = ['identity', name];
  if (isPrincipal(verdict)) return { name, path, verdict: 'vouches' };
  if (verdict.kind !== 'invalid') return { name, path, verdict: 'forbidden' };
  const { reason, problem } = verdict;
  return { name, path, verdict: reason, ...(problem === undefined ? {} : { problem }) };
};

/** The verdict on a credential: each identity is asked in turn, and the severest refusal counts if none vouches. */
const judge = (
  judges: ReturnType<typeof judgesFor>,
): { readonly told: readonly AskedIdentity[]; readonly verdict: Verdict } => {
  const told: AskedIdentity[] = [];
  let refused: Refusal = invalid('issuer');
  for (const [index, { name, judge: ask }] of judges.entries()) {
    const verdict = ask();
    told.push(asked(name, verdict));
    if (isPrincipal(verdict)) return { told, verdict };
    refused = index === 0 ? verdict : severer(refused, verdict);
  }
  return { told, verdict: refused };
};

const PRESENTED = { nobody: 'nothing', claims: 'token', key: 'key', principal: 'recorded' } as const;

const identify = (
  server: ServerNode,
  caller: TracedCaller,
  identities: PreparedIdentities,
  resource: ProtectedResource,
  nowMs: number,
): { readonly told: readonly AskedIdentity[]; readonly outcome: Principal | Answer } => {
  if (caller.kind === 'principal') return { told: [], outcome: caller.principal };
  if (server.identities.length === 0) return { told: [], outcome: ANONYMOUS };
  if (caller.kind === 'nobody')
    return { told: [], outcome: server.anonymous ? ANONYMOUS : CREDENTIAL_MISSING };
  const own = server.identities.map((name) => identities.nodes[name]!);
  const { told, verdict } = judge(judgesFor(caller, own, identities, resource, nowMs));
  if (isPrincipal(verdict)) return { told, outcome: verdict };
  return { told, outcome: verdict.kind === 'forbidden' ? CREDENTIAL_OF_OTHERS : CREDENTIAL_INVALID };
};

/** Finds out who is calling. */
export const passIdentity = (
  server: ServerNode,
  caller: TracedCaller,
  identities: PreparedIdentities,
  url: string,
  nowMs: number,
): AtIdentity => {
  const resource = { server: server.name, url };
  const { told, outcome } = identify(server, caller, identities, resource, nowMs);
  const principal = 'key' in outcome ? outcome : undefined;
  const path = ['servers', server.name, server.identities.length === 0 ? 'anonymous' : 'identity'];
  const presented = PRESENTED[caller.kind];
  const step: IdentityStep = {
    step: 'identity',
    path,
    asked: told,
    presented,
    principal,
    passes: principal !== undefined,
  };
  if (!('key' in outcome)) {
    const by = told.find(({ verdict }) => verdict !== 'issuer')?.name ?? 'identity';
    return { steps: [step], verdict: { kind: 'refused', by, answer: outcome } };
  }
  if (server.scopes.length === 0 || outcome.kind !== 'user') return { steps: [step], principal: outcome };
  const missing = missingScope(outcome, server.scopes);
  const scopes: ScopeStep = {
    step: 'scopes',
    path: ['servers', server.name, 'oauth', 'scopes'],
    needed: server.scopes,
    missing,
    passes: missing === undefined,
  };
  return missing === undefined
    ? { steps: [step, scopes], principal: outcome }
    : { steps: [step, scopes], verdict: { kind: 'refused', by: 'scopes', answer: SCOPE_MISSING } };
};

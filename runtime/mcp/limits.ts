/** The limits of a server, prepared: counted per key, told in headers. */

import { type Bounds, prepareBounds } from '../../policies/limit/bounds.ts';
import { type LimitScope, prepareLimitScope } from '../../policies/limit/scope.ts';
import { prepareTenant, tenantScope } from '../../policies/limit/tenant.ts';
import type { CallFacts } from '../../schema/decision.ts';
import type { BoundsLimitNode, ConcurrencyLimitNode, CountingLimitNode } from '../../schema/graph/limit.ts';
import type { TenantNode } from '../../schema/graph/tenant.ts';
import { type ErrorCode, GatewayError, RPC } from '../errors.ts';
import { type Counted, type Counter, countAll, inOrder } from '../traffic/count-all.ts';
import type { CountVerdict } from '../traffic/counter.ts';
import type { Gate } from '../traffic/fair-gate.ts';
import { type CountedLimit, rateData, rateHeaders } from '../traffic/rate-headers.ts';

/** A limit that counts, and what counts for it. */
interface CountingLimit {
  readonly node: CountingLimitNode;
  readonly counter: Counter;
}

/** Of whose calls it is, if not of all. */
interface OfTenant {
  readonly tenant?: TenantNode;
}

interface PreparedLimit extends CountingLimit {
  readonly scope: LimitScope;
}

/** A limit on calls at a time. */
interface ConcurrencyLimit {
  readonly node: ConcurrencyLimitNode;
  readonly gate: Gate;
}

export interface PreparedGate extends ConcurrencyLimit {
  readonly scope: LimitScope;
}

/** The limits of one server, by what they do. */
export interface LimitParts {
  readonly counting: readonly (CountingLimit & OfTenant)[];
  readonly concurrency: readonly (ConcurrencyLimit & OfTenant)[];
  readonly bounds: readonly BoundsLimitNode[];
}

/** What `admit` found: headers for the reply, and a refusal if one limit is exhausted. */
export interface Admission {
  readonly headers: readonly string[];
  readonly refusal: GatewayError | undefined;
  /** The limit that refused. */
  readonly limit: string;
}

const ADMITTED: Admission = Object.freeze({ headers: [], refusal: undefined, limit: '' });

const prepareScope = ({
  node,
  tenant,
}: { readonly node: CountingLimitNode | ConcurrencyLimitNode } & OfTenant): LimitScope => {
  const scope = prepareLimitScope(node);
  return tenant === undefined ? scope : tenantScope(tenant, prepareTenant(tenant), scope);
};

export class Limits {
  readonly #counting: readonly PreparedLimit[];
  /** The tightest bounds on a call, by exposed tool name. */
  readonly bounds: (tool: string | undefined) => Bounds;

  /** In the order of their names, on every server, so that no two calls wait for each other's places. */
  readonly gates: readonly PreparedGate[];

  constructor({ counting, concurrency, bounds }: LimitParts) {
    this.#counting = counting.map((limit) => ({ ...limit, scope: prepareScope(limit) }));
    this.gates = concurrency.map((limit) => ({ ...limit, scope: prepareScope(limit) })).sort(inOrder);
    this.bounds = prepareBounds(bounds);
  }

  /** Whether any limit counts requests; if not, `admit` need not be called. */
  get counts(): boolean {
    return this.#counting.length > 0;
  }

  /**
   * Counts one request on every limit that applies, or on none if one refuses it. The headers tell of all. A promise
   * only where a store is shared with other replicas; it rejects with a GatewayError if that is away and requests are
   * refused then.
   */
  admit(facts: CallFacts): Admission | Promise<Admission> {
    const applying: Counted[] = [];
    for (const { node, counter, scope } of this.#counting) {
      const cost = scope.cost(facts);
      if (cost > 0) applying.push({ node, counter, key: scope.key(facts), cost });
    }
    if (applying.length === 0) return ADMITTED;
    const verdicts = countAll(applying, facts.nowMs);
    return verdicts instanceof Promise
      ? verdicts.then((told) => admissionOf(applying, told))
      : admissionOf(applying, verdicts);
  }
}

const EXHAUSTED = {
  rate: ['rate_limited', 'too many requests'],
  quota: ['quota_exhausted', 'no more requests in this window'],
} as const satisfies Record<CountingLimitNode['type'], readonly [ErrorCode, string]>;

const admissionOf = (applying: readonly Counted[], verdicts: readonly CountVerdict[]): Admission => {
  const counted: CountedLimit[] = [];
  let refused: CountedLimit | undefined;
  for (let at = 0; at < applying.length; at += 1) {
    const verdict = verdicts[at]!;
    const each = { node: applying[at]!.node, verdict };
    counted.push(each);
    if (!verdict.allowed && (refused === undefined || verdict.retryAfterMs > refused.verdict.retryAfterMs))
      refused = each;
  }
  const headers = rateHeaders(counted);
  if (refused === undefined) return { headers, refusal: undefined, limit: '' };
  const { node, verdict } = refused;
  const retryAfterMs = Math.ceil(verdict.retryAfterMs);
  const [code, message] = EXHAUSTED[node.type];
  const refusal = new GatewayError(code, message, {
    status: 429,
    rpcCode: RPC.limited,
    retryAfterMs,
    data: { limit: node.name, retryAfterMs, rateLimit: rateData(counted) },
  });
  return { headers, refusal, limit: node.name };
};

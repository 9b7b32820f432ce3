/** The limits of a server, prepared: counted per key, told in headers. */

import { type Bounds, prepareBounds } from '../../policies/limit/bounds.ts';
import { prepareRateScope, type RateScope } from '../../policies/limit/rate-scope.ts';
import type { CallFacts } from '../../schema/decision.ts';
import type { BoundsLimitNode, RateLimitNode } from '../../schema/graph/limit.ts';
import { GatewayError, RPC } from '../errors.ts';
import type { RateVerdict } from '../traffic/gcra.ts';
import { rateHeaders } from '../traffic/rate-headers.ts';
import type { RateCounter } from '../traffic/replica-rate.ts';

interface PreparedRate {
  readonly node: RateLimitNode;
  readonly limiter: RateCounter;
  readonly scope: RateScope;
}

interface Counted {
  readonly node: RateLimitNode;
  readonly verdict: RateVerdict;
}

/** What `admit` found: headers for the reply, and a refusal if one limit is exhausted. */
export interface Admission {
  readonly headers: readonly string[];
  readonly refusal: GatewayError | undefined;
  /** The limit that refused. */
  readonly limit: string;
}

const ADMITTED: Admission = Object.freeze({ headers: [], refusal: undefined, limit: '' });

export class Limits {
  readonly #rates: readonly PreparedRate[];
  /** The tightest bounds on a call, by exposed tool name. */
  readonly bounds: (tool: string | undefined) => Bounds;

  constructor(
    rates: readonly { readonly node: RateLimitNode; readonly limiter: RateCounter }[],
    bounds: readonly BoundsLimitNode[],
  ) {
    this.#rates = rates.map(({ node, limiter }) => ({ node, limiter, scope: prepareRateScope(node) }));
    this.bounds = prepareBounds(bounds);
  }

  /** Whether any rate counts requests; if not, `admit` need not be called. */
  get counts(): boolean {
    return this.#rates.length > 0;
  }

  /**
   * Counts one request on every rate that applies. All are asked, so that the headers tell of all. A promise only where
   * a store is shared with other replicas; it rejects with a GatewayError if that is away and requests are refused then.
   */
  admit(facts: CallFacts): Admission | Promise<Admission> {
    const counted: Counted[] = [];
    let pending: Promise<RateVerdict>[] | undefined;
    for (const { node, limiter, scope } of this.#rates) {
      if (!scope.applies(facts)) continue;
      const verdict = limiter.take(scope.key(facts), facts.nowMs);
      if (verdict instanceof Promise) {
        pending ??= [];
        pending.push(verdict);
      } else counted.push({ node, verdict });
    }
    return pending === undefined ? admissionOf(counted) : this.#admitLater(facts, pending);
  }

  /** Either all rates are counted in the store, or none. */
  async #admitLater(facts: CallFacts, pending: readonly Promise<RateVerdict>[]): Promise<Admission> {
    const applying = this.#rates.filter(({ scope }) => scope.applies(facts));
    const verdicts = await Promise.all(pending);
    return admissionOf(verdicts.map((verdict, at) => ({ node: applying[at]!.node, verdict })));
  }
}

const admissionOf = (counted: readonly Counted[]): Admission => {
  if (counted.length === 0) return ADMITTED;
  const headers = rateHeaders(counted);
  let refused: Counted | undefined;
  for (const each of counted)
    if (
      !each.verdict.allowed &&
      (refused === undefined || each.verdict.retryAfterMs > refused.verdict.retryAfterMs)
    )
      refused = each;
  if (refused === undefined) return { headers, refusal: undefined, limit: '' };
  const { retryAfterMs } = refused.verdict;
  const refusal = new GatewayError('rate_limited', 'too many requests', {
    status: 429,
    rpcCode: RPC.limited,
    retryAfterMs,
    data: { limit: refused.node.name, retryAfterMs },
  });
  return { headers, refusal, limit: refused.node.name };
};

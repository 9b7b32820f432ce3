/** The limits of a server, prepared: counted per key, told in headers. */

import { type Bounds, prepareBounds } from '../../policies/limit/bounds.ts';
import { prepareRateScope, type RateScope } from '../../policies/limit/rate-scope.ts';
import type { CallFacts } from '../../schema/decision.ts';
import type { BoundsLimitNode, RateLimitNode } from '../../schema/graph/limit.ts';
import { GatewayError, RPC } from '../errors.ts';
import type { RateVerdict } from '../traffic/gcra.ts';
import type { RateLimiter } from '../traffic/rate.ts';
import { rateHeaders } from '../traffic/rate-headers.ts';

interface PreparedRate {
  readonly node: RateLimitNode;
  readonly limiter: RateLimiter;
  readonly scope: RateScope;
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
    rates: readonly { readonly node: RateLimitNode; readonly limiter: RateLimiter }[],
    bounds: readonly BoundsLimitNode[],
  ) {
    this.#rates = rates.map(({ node, limiter }) => ({ node, limiter, scope: prepareRateScope(node) }));
    this.bounds = prepareBounds(bounds);
  }

  /** Whether any rate counts requests; if not, `admit` need not be called. */
  get counts(): boolean {
    return this.#rates.length > 0;
  }

  /** Counts one request on every rate that applies. All are asked, so that the headers tell of all. */
  admit(facts: CallFacts): Admission {
    const verdicts: { node: RateLimitNode; verdict: RateVerdict }[] = [];
    let refused: (typeof verdicts)[number] | undefined;
    for (const { node, limiter, scope } of this.#rates) {
      if (!scope.applies(facts)) continue;
      const verdict = limiter.take(scope.key(facts), facts.nowMs);
      verdicts.push({ node, verdict });
      if (!verdict.allowed && (refused === undefined || verdict.retryAfterMs > refused.verdict.retryAfterMs))
        refused = verdicts.at(-1);
    }
    if (verdicts.length === 0) return ADMITTED;
    const headers = rateHeaders(verdicts);
    if (refused === undefined) return { headers, refusal: undefined, limit: '' };
    const { retryAfterMs } = refused.verdict;
    const refusal = new GatewayError('rate_limited', 'too many requests', {
      status: 429,
      rpcCode: RPC.limited,
      retryAfterMs,
      data: { limit: refused.node.name, retryAfterMs },
    });
    return { headers, refusal, limit: refused.node.name };
  }
}

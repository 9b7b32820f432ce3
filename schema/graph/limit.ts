/** Limits as compiled. */

export interface RateLimitNode {
  readonly kind: 'limit';
  readonly type: 'rate';
  readonly name: string;
  /** Requests per `periodMs`. */
  readonly count: number;
  readonly periodMs: number;
  readonly burst: number;
  /** CEL over the call environment, one count for each tuple of values. */
  readonly key: readonly string[];
  /** Globs of exposed tool names; absent: every request. */
  readonly tools?: readonly string[];
  readonly cost?: LimitCost;
}

/** What a request takes, by its method, `*` for all that are not named; 1 where neither is there. */
export type LimitCost = Readonly<Record<string, number>>;

export interface QuotaLimitNode {
  readonly kind: 'limit';
  readonly type: 'quota';
  readonly name: string;
  /** Requests in each window; windows are counted from 1970-01-01T00:00:00Z. */
  readonly count: number;
  readonly windowMs: number;
  /** CEL over the call environment, one count for each tuple of values. */
  readonly key: readonly string[];
  /** Globs of exposed tool names; absent: every request. */
  readonly tools?: readonly string[];
  readonly cost?: LimitCost;
}

/** A limit that counts requests. */
export type CountingLimitNode = RateLimitNode | QuotaLimitNode;

export interface ConcurrencyLimitNode {
  readonly kind: 'limit';
  readonly type: 'concurrency';
  readonly name: string;
  readonly max: number;
  readonly queue: number;
  readonly queueTimeoutMs: number;
  /** CEL over the call environment, one count for each tuple of values. */
  readonly key: readonly string[];
  /** Globs of exposed tool names; absent: all that goes on to an upstream but lists. */
  readonly tools?: readonly string[];
}

export interface BoundsLimitNode {
  readonly kind: 'limit';
  readonly type: 'bounds';
  readonly name: string;
  readonly callTimeoutMs?: number;
  /** How far progress extends that; absent: not at all. */
  readonly callMaxMs?: number;
  readonly resultBytes?: number;
  /** Globs of exposed tool names; absent: every request. */
  readonly tools?: readonly string[];
}

export type LimitNode = RateLimitNode | QuotaLimitNode | ConcurrencyLimitNode | BoundsLimitNode;

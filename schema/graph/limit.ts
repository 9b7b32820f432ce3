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
}

export interface BoundsLimitNode {
  readonly kind: 'limit';
  readonly type: 'bounds';
  readonly name: string;
  readonly callTimeoutMs?: number;
  readonly resultBytes?: number;
  /** Globs of exposed tool names; absent: every request. */
  readonly tools?: readonly string[];
}

export type LimitNode = RateLimitNode | BoundsLimitNode;

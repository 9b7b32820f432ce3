import type { RateLimitNode } from '../../../schema/graph/limit.ts';

/** 600 a minute and 10 at once for each principal, but for the changes. */
export const rateNode = (changes: Partial<RateLimitNode> = {}): RateLimitNode => ({
  kind: 'limit',
  type: 'rate',
  name: 'per-user',
  count: 600,
  periodMs: 60_000,
  burst: 10,
  key: ['principal.id'],
  ...changes,
});

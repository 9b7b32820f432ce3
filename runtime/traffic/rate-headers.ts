/** RateLimit and RateLimit-Policy (draft-ietf-httpapi-ratelimit-headers, structured fields). */
import type { RateLimitNode } from '../../schema/graph/limit.ts';
import type { RateVerdict } from './rate.ts';

const seconds = (ms: number): number => Math.max(0, Math.ceil(ms / 1000));

/** The two headers for the limits that applied to a request, flat, names in lower case. */
export const rateHeaders = (
  applied: readonly { readonly node: RateLimitNode; readonly verdict: RateVerdict }[],
): string[] => {
  let policy = '';
  let state = '';
  for (const { node, verdict } of applied) {
    const separator = policy === '' ? '' : ', ';
    policy += `${separator}"${node.name}";q=${node.count};w=${seconds(node.periodMs)}`;
    state += `${separator}"${node.name}";r=${verdict.remaining};t=${seconds(verdict.resetAfterMs)}`;
  }
  return ['ratelimit-policy', policy, 'ratelimit', state];
};

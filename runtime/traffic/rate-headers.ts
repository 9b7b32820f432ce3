/** Tells callers of the rate limits that apply to them (draft-ietf-httpapi-ratelimit-headers). */
import type { RateLimitNode } from '../../schema/graph/limit.ts';
import type { RateVerdict } from './gcra.ts';

/** One limit and what it said. */
interface CountedRate {
  readonly node: RateLimitNode;
  readonly verdict: RateVerdict;
}

const policies = new WeakMap<RateLimitNode, string>();

/**
 * `RateLimit-Policy` and `RateLimit` as structured fields (RFC 9651), one item for each limit, names and values
 * flat. Seconds are rounded up: a caller that waits as long is not refused for it.
 */
export const rateHeaders = (rates: readonly CountedRate[]): string[] => {
  const policy = rates.map(({ node }) => policyItem(node)).join(', ');
  const state = rates.map(({ node, verdict }) => stateItem(node, verdict)).join(', ');
  return ['ratelimit-policy', policy, 'ratelimit', state];
};

const policyItem = (node: RateLimitNode): string => {
  let item = policies.get(node);
  if (item === undefined) {
    item = `${quoted(node.name)};q=${node.count};w=${seconds(node.periodMs)}`;
    policies.set(node, item);
  }
  return item;
};

const stateItem = (node: RateLimitNode, verdict: RateVerdict): string =>
  `${quoted(node.name)};r=${verdict.remaining};t=${seconds(verdict.resetAfterMs)}`;

const seconds = (ms: number): number => Math.ceil(ms / 1000);

/** A structured field string: printable ASCII, quote and backslash escaped; anything else as `?`. */
const quoted = (name: string): string =>
  `"${name.replaceAll(/[^\x20-\x7e]/g, '?').replaceAll(/["\\]/g, '\\$&')}"`;

/** Tells callers of the limits that count their requests (draft-ietf-httpapi-ratelimit-headers). */
import type { CountingLimitNode } from '../../schema/graph/limit.ts';
import type { CountVerdict } from './counter.ts';

/** One limit and what it said. */
export interface CountedLimit {
  readonly node: CountingLimitNode;
  readonly verdict: CountVerdict;
}

/** What is told of a limit whatever it says: made once. */
interface Told {
  readonly policy: string;
  readonly name: string;
}

const tolds = new WeakMap<CountingLimitNode, Told>();

/**
 * `RateLimit-Policy` and `RateLimit` as structured fields (RFC 9651), one item for each limit, names and values
 * flat. Seconds are rounded up: a caller that waits as long is not refused for it.
 */
export const rateHeaders = (counted: readonly CountedLimit[]): string[] => {
  let policy = '';
  let state = '';
  for (const { node, verdict } of counted) {
    const separator = policy === '' ? '' : ', ';
    policy += separator + toldOf(node).policy;
    state += separator + stateItem(node, verdict);
  }
  return ['ratelimit-policy', policy, 'ratelimit', state];
};

/** The same for agents, which see no headers: one entry for each limit, for the `data` of an error. */
export const rateData = (counted: readonly CountedLimit[]): readonly Readonly<Record<string, unknown>>[] =>
  counted.map(({ node, verdict }) => ({
    limit: node.name,
    quota: node.count,
    windowSeconds: seconds(windowMs(node)),
    remaining: verdict.remaining,
    resetSeconds: seconds(verdict.resetAfterMs),
  }));

const windowMs = (node: CountingLimitNode): number => (node.type === 'rate' ? node.periodMs : node.windowMs);

const toldOf = (node: CountingLimitNode): Told => {
  let told = tolds.get(node);
  if (told === undefined) {
    const name = quoted(node.name);
    told = { name, policy: `${name};q=${node.count};w=${seconds(windowMs(node))}` };
    tolds.set(node, told);
  }
  return told;
};

const stateItem = (node: CountingLimitNode, verdict: CountVerdict): string =>
  `${toldOf(node).name};r=${verdict.remaining};t=${seconds(verdict.resetAfterMs)}`;

const seconds = (ms: number): number => Math.ceil(ms / 1000);

/** A structured field string: printable ASCII, quote and backslash escaped; anything else as `?`. */
const quoted = (name: string): string =>
  `"${name.replaceAll(/[^\x20-\x7e]/g, '?').replaceAll(/["\\]/g, '\\$&')}"`;

/** Changes that a reviewer should look at twice. */

import { canonicalJson } from '../../../schema/canonical-json.ts';
import type { CompiledGraph } from '../../../schema/graph/graph.ts';
import type { Path } from '../../source/tree.ts';
import { plain } from '../written.ts';

/** From grave to slight. */
export const RISK_SEVERITIES = ['high', 'medium', 'low'] as const;

export type RiskSeverity = (typeof RISK_SEVERITIES)[number];

/** Stable names for programs and for people who search. */
export type RiskId =
  | 'access-log-off'
  | 'algorithms-widened'
  | 'annotations-honoured'
  | 'anonymous-on'
  | 'api-key-widened'
  | 'audience-dropped'
  | 'audience-widened'
  | 'clear-text'
  | 'clock-tolerance-raised'
  | 'egress-widened'
  | 'exposure-widened'
  | 'feature-enabled'
  | 'headers-forwarded'
  | 'hosts-widened'
  | 'identity-admitted'
  | 'identity-removed'
  | 'ip-widened'
  | 'isolation-weakened'
  | 'issuer-changed'
  | 'keys-changed'
  | 'large-removal'
  | 'limit-raised'
  | 'limit-removed'
  | 'operations-widened'
  | 'origins-widened'
  | 'permissions-widened'
  | 'pins-changed'
  | 'pins-dropped'
  | 'policy-changed'
  | 'policy-order-changed'
  | 'policy-removed'
  | 'principal-changed'
  | 'profile-relaxed'
  | 'proxies-widened'
  | 'public-listener'
  | 'scopes-removed'
  | 'seals-replaced'
  | 'security-header-removed'
  | 'tls-removed'
  | 'tls-weakened'
  | 'upstream-moved';

export interface Risk {
  readonly id: RiskId;
  readonly severity: RiskSeverity;
  /** A fact in lower case. */
  readonly text: string;
  /** Where it is written, in the newer configuration or, for what is gone, in the older. */
  readonly side: 'before' | 'after';
  readonly path: Path;
}

export interface RiskOptions {
  /** More than this share of the servers or upstreams gone is a large removal; from 0 to 1. */
  readonly largeRemoval: number;
}

/** One node on both sides. */
export interface Pair<T> {
  readonly name: string;
  readonly before: T | undefined;
  readonly after: T | undefined;
}

/** Nodes of both sides by name, sorted. */
export const pairsOf = <T>(
  before: Readonly<Record<string, T>>,
  after: Readonly<Record<string, T>>,
): readonly Pair<T>[] =>
  [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .sort()
    .map((name) => ({ name, before: before[name], after: after[name] }));

/** What is in the list and not in the other, in its order; references are compared as they are written. */
export const missingFrom = (other: readonly string[], list: readonly string[]): readonly string[] => {
  const known = new Set(other.map(canonicalJson));
  return list.filter((each) => !known.has(canonicalJson(each)));
};

/** Names in backticks, the first few of many. */
export const listed = (names: readonly string[]): string => {
  const shown = names.slice(0, MAX_LISTED).map((name) => `\`${plain(name).text}\``);
  const rest = names.length - shown.length;
  return rest > 0 ? `${shown.join(', ')} and ${rest} more` : shown.join(', ');
};

const MAX_LISTED = 5;

export type RisksOf = (before: CompiledGraph['graph'], after: CompiledGraph['graph']) => readonly Risk[];

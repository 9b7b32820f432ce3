/** What a change does to live traffic, as the runtime does it. */
import type { CompiledGraph, NodeId } from '../../../schema/graph/graph.ts';
import type { NodeChange } from '../nodes.ts';

/**
 * From mild to hard: taken over with nothing interrupted; what is under way ends by itself on the old one; something
 * open is ended and has to come back; a reload would be refused or change nothing, so that the process has to start anew.
 */
export const IMPACTS = ['in-place', 'drains', 'ends', 'needs-restart'] as const;

export type Impact = (typeof IMPACTS)[number];

/** Stable names for programs. */
export type EffectKind =
  | 'listener-binds'
  | 'listener-closes'
  | 'listener-rebinds'
  | 'listener-handed-over'
  | 'listener-renews'
  | 'listener-rules'
  | 'refused-end'
  | 'address-held'
  | 'identity-renewed'
  | 'server-opens'
  | 'server-closes'
  | 'server-moves'
  | 'server-renews'
  | 'upstream-opens'
  | 'upstream-closes'
  | 'upstream-rules'
  | 'upstream-replaced'
  | 'processes-replaced'
  | 'breaker-reset'
  | 'policy-swaps'
  | 'limit-swaps'
  | 'limit-counts-reset'
  | 'seals-broken'
  | 'section-swaps'
  | 'old-name-kept'
  | 'threads-fixed'
  | 'store-fixed'
  | 'nothing-read';

export interface Effect {
  readonly kind: EffectKind;
  readonly node: NodeId | `section:${string}`;
  readonly impact: Impact;
  /** A fact in lower case, for people. */
  readonly text: string;
}

export interface EffectContext {
  readonly before: CompiledGraph;
  readonly after: CompiledGraph;
  readonly nodes: readonly NodeChange[];
}

/** The effects of one change of a node. */
export type EffectsOf = (change: NodeChange, context: EffectContext) => readonly Effect[];

/** Whether any field that changed is at one of the paths or below it. */
export const touches = ({ fields }: NodeChange, ...paths: readonly string[]): boolean =>
  fields.some(({ field }) => paths.some((path) => field === path || field.startsWith(`${path}.`)));

/** Names in backticks, with `and` before the last. */
export const namesText = (names: readonly string[]): string => {
  const quoted = names.map((name) => `\`${name}\``);
  return quoted.length < 2 ? quoted.join('') : `${quoted.slice(0, -1).join(', ')} and ${quoted.at(-1)}`;
};

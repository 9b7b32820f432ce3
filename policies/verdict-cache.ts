/** Keeps decisions that hang on nothing but the principal and the target. */
import type { CallFacts, Decision, Labels } from '../schema/decision.ts';
import type { Principal } from '../schema/principal.ts';
import type { PreparedPolicies } from './decide.ts';

/** Targets kept per principal; the oldest goes first. */
const MAX_TARGETS = 1024;

interface Kept {
  readonly tool: CallFacts['tool'];
  readonly resource: CallFacts['resource'];
  readonly upstream: string | undefined;
  readonly decision: Decision;
}

/**
 * The decision function with a memory: the same as `policies.decide` where that cannot be kept. Make one per
 * server and generation. Entries live as long as the principal's object; errors and undecided calls are asked
 * again each time. What is known of the target (upstream, annotations, media type) is compared on each hit, so
 * that a catalogue that changes is noticed.
 */
export const cachedDecide = (policies: PreparedPolicies): ((facts: CallFacts) => Decision) => {
  if (!policies.cacheable) return policies.decide;
  const byPrincipal = new WeakMap<Principal, Map<string, Kept>>();
  return (facts) => {
    const key = keyOf(facts);
    let byTarget = byPrincipal.get(facts.principal);
    const kept = byTarget?.get(key);
    if (kept !== undefined && sameTarget(kept, facts)) return kept.decision;
    const decision = policies.decide(facts);
    if (!isKeepable(decision)) return decision;
    if (byTarget === undefined) {
      byTarget = new Map();
      byPrincipal.set(facts.principal, byTarget);
    }
    if (byTarget.size >= MAX_TARGETS && !byTarget.has(key)) dropOldest(byTarget);
    const { tool, resource, upstream } = facts;
    byTarget.set(key, { tool, resource, upstream: upstream?.name, decision });
    return decision;
  };
};

const isKeepable = (decision: Decision): boolean =>
  decision.kind === 'allow' || (decision.kind === 'deny' && decision.reason === 'denied');

/** The length tells where the called name ends, whatever is in it. */
const keyOf = ({ call, tool, resource, prompt }: CallFacts): string => {
  const called = `${call.method}\n${call.name.length}\n${call.name}`;
  if (tool !== undefined) return `${called}t${tool.name}`;
  if (prompt !== undefined) return `${called}p${prompt.name}`;
  return resource === undefined ? called : `${called}r${resource.uri}`;
};

const sameTarget = (kept: Kept, { tool, resource, upstream }: CallFacts): boolean =>
  kept.upstream === upstream?.name &&
  sameTool(kept.tool, tool) &&
  kept.resource?.mimeType === resource?.mimeType;

const sameTool = (kept: CallFacts['tool'], tool: CallFacts['tool']): boolean => {
  if (kept === tool) return true;
  if (kept === undefined || tool === undefined || kept.upstream !== tool.upstream) return false;
  if (!sameLabels(kept.labels, tool.labels)) return false;
  const [before, now] = [kept.annotations, tool.annotations];
  return (
    before === now ||
    (before.title === now.title &&
      before.readOnlyHint === now.readOnlyHint &&
      before.destructiveHint === now.destructiveHint &&
      before.idempotentHint === now.idempotentHint &&
      before.openWorldHint === now.openWorldHint)
  );
};

const sameLabels = (before: Labels = {}, now: Labels = {}): boolean => {
  if (before === now) return true;
  const names = Object.keys(before);
  return names.length === Object.keys(now).length && names.every((name) => before[name] === now[name]);
};

const dropOldest = (byTarget: Map<string, Kept>): void => {
  for (const oldest of byTarget.keys()) {
    byTarget.delete(oldest);
    return;
  }
};

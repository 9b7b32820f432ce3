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

/** What was decided last of a tool. */
interface Last {
  readonly method: string;
  readonly name: string;
  readonly tool: CallFacts['tool'];
  readonly upstream: CallFacts['upstream'];
  readonly decision: Decision;
}

interface ByTarget {
  readonly kept: Map<string, Kept>;
  last: Last | undefined;
}

/**
 * The decision function with a memory: the same as `policies.decide` where that cannot be kept. Make one per
 * server and generation. Entries live as long as the principal's object; errors and undecided calls are asked
 * again each time. What is known of the target (upstream, annotations, media type) is compared on each hit, so
 * that a catalogue that changes is noticed.
 */
export const cachedDecide = (policies: PreparedPolicies): ((facts: CallFacts) => Decision) => {
  if (!policies.cacheable) return policies.decide;
  const byPrincipal = new WeakMap<Principal, ByTarget>();
  return (facts) => {
    const known = byPrincipal.get(facts.principal);
    if (known?.last !== undefined && isLast(known.last, facts)) return known.last.decision;
    const key = keyOf(facts);
    const kept = known?.kept.get(key);
    if (kept !== undefined && sameTarget(kept, facts)) {
      known!.last = lastOf(facts, kept.decision);
      return kept.decision;
    }
    const decision = policies.decide(facts);
    if (!isKeepable(decision)) return decision;
    let ofPrincipal = known;
    if (ofPrincipal === undefined) {
      ofPrincipal = { kept: new Map(), last: undefined };
      byPrincipal.set(facts.principal, ofPrincipal);
    }
    const byTarget = ofPrincipal.kept;
    ofPrincipal.last = undefined;
    if (byTarget.size >= MAX_TARGETS && !byTarget.has(key)) dropOldest(byTarget);
    const { tool, resource, upstream } = facts;
    byTarget.set(key, { tool, resource, upstream: upstream?.name, decision });
    return decision;
  };
};

/** A call of a tool that is asked again and again is told by what it is made of, without a key for it. */
const lastOf = ({ call, tool, upstream }: CallFacts, decision: Decision): Last | undefined =>
  tool === undefined ? undefined : { method: call.method, name: call.name, tool, upstream, decision };

const isLast = (last: Last, { call, tool, upstream, resource, prompt }: CallFacts): boolean =>
  last.tool === tool &&
  last.upstream === upstream &&
  last.name === call.name &&
  last.method === call.method &&
  resource === undefined &&
  prompt === undefined;

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

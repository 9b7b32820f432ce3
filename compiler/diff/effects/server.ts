/** Servers: what is open to their clients when they, or anything that they refer to, change. */

import { canonicalJson } from '../../../schema/canonical-json.ts';
import type { CompiledGraph, NodeId } from '../../../schema/graph/graph.ts';
import { isReference } from '../../../schema/graph/graph.ts';
import type { ServerNode } from '../../../schema/graph/server.ts';
import { durationText } from '../../../schema/unit.ts';
import type { NodeChange } from '../nodes.ts';
import { type Effect, type EffectContext, namesText } from './effect.ts';

const windowText = ({ graph }: CompiledGraph): string => {
  const { windowMs } = graph.reload.drain;
  return isReference(windowMs) ? windowMs.$reference : durationText(windowMs);
};

const deadlineText = ({ graph }: CompiledGraph): string => {
  const { deadlineMs } = graph.reload.drain;
  return isReference(deadlineMs) ? deadlineMs.$reference : durationText(deadlineMs);
};

/** What becomes of what is open to the clients of a server that changes. */
const renewsText = ({ after }: EffectContext): string => {
  const { onPolicyChange = 'recheck' } = after.graph.reload;
  switch (onPolicyChange) {
    case 'recheck':
      return `open streams and sessions of callers that the new rules refuse end at once; the other open streams end in good order within ${windowText(after)}, to come back under the new rules; sessions go on and are told that lists changed`;
    case 'drain':
      return `open streams of its clients, and sessions of callers that the new rules refuse, end in good order within ${windowText(after)}; other sessions go on and are told that lists changed`;
    case 'keep':
      return `open streams of its clients go on under the old rules for up to ${deadlineText(after)}; sessions go on and are told that lists changed`;
  }
};

const placesText = (places: ServerNode['at']): string =>
  places.map(({ listener, path }) => `${path} of \`${listener}\``).join(' and ');

const placesGone = (old: ServerNode, node: ServerNode | undefined): ServerNode['at'] =>
  old.at.filter(
    ({ listener, path }) => node?.at.some((at) => at.listener === listener && at.path === path) !== true,
  );

const refersTo = ({ identities, expose, policies, limits }: ServerNode): readonly NodeId[] => [
  ...identities.map((name) => `identity:${name}` as const),
  ...expose.flatMap(({ upstream }) => [`upstream:${upstream}` as const, `pin:${upstream}` as const]),
  ...policies.map((name) => `policy:${name}` as const),
  ...limits.map((name) => `limit:${name}` as const),
];

/** The nodes that make a server another one: itself, or what it refers to. */
const causesOf = (node: ServerNode, { before, after }: EffectContext): readonly string[] => {
  const own = canonicalJson(before.graph.servers[node.name]) !== canonicalJson(node) ? [node.name] : [];
  const referred = refersTo(node)
    .filter((id) => before.fingerprints[id] !== after.fingerprints[id])
    .map((id) => id.slice(id.indexOf(':') + 1));
  return [...own, ...new Set(referred)];
};

const renewed = (node: ServerNode, context: EffectContext): Effect => {
  const own = context.before.graph.servers[node.name]!;
  const causes = causesOf(node, context).filter((name) => name !== node.name);
  const because =
    causes.length === 0 || canonicalJson(own) !== canonicalJson(node)
      ? ''
      : ` (${namesText(causes)} changed)`;
  return {
    kind: 'server-renews',
    node: `server:${node.name}`,
    impact: 'ends',
    text: `${renewsText(context)}${because}`,
  };
};

const opened = (node: ServerNode): Effect => ({
  kind: 'server-opens',
  node: `server:${node.name}`,
  impact: 'in-place',
  text: `served at ${placesText(node.at)} from the swap on`,
});

const closed = (node: ServerNode, context: EffectContext): Effect => ({
  kind: 'server-closes',
  node: `server:${node.name}`,
  impact: 'ends',
  text: `${placesText(node.at)} answers 404 from the swap on; its sessions end, its open streams end within ${windowText(context.after)}`,
});

const moved = (old: ServerNode, node: ServerNode): readonly Effect[] => {
  const gone = placesGone(old, node);
  if (gone.length === 0) return [];
  const text = `${placesText(gone)} no longer leads to it from the swap on`;
  return [{ kind: 'server-moves', node: `server:${node.name}`, impact: 'ends', text }];
};

const isChanged = (name: string, { before, after }: EffectContext): boolean =>
  before.fingerprints[`server:${name}`] !== after.fingerprints[`server:${name}`];

/** Of all servers, those too that changed only in what they refer to. */
export const serverEffects = (context: EffectContext): readonly Effect[] => {
  const [old, next] = [context.before.graph.servers, context.after.graph.servers];
  const names = [...new Set([...Object.keys(old), ...Object.keys(next)])].sort();
  return names.flatMap((name): readonly Effect[] => {
    const [before, after] = [old[name], next[name]];
    if (before === undefined) return [opened(after!)];
    if (after === undefined) return [closed(before, context)];
    return isChanged(name, context) ? [...moved(before, after), renewed(after, context)] : [];
  });
};

/** Of one that changed in nothing but the transports beside its endpoint, which are its listeners' business. */
export const transportEffects = (change: NodeChange, context: EffectContext): readonly Effect[] => {
  if (change.change !== 'changed' || isChanged(change.name, context)) return [];
  const text = 'the transports beside the endpoint are served, or not, from the swap on';
  return [{ kind: 'server-moves', node: `server:${change.name}`, impact: 'in-place', text }];
};

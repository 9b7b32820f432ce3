/** Sockets: bound before the swap, shared by name and address, closed when nothing is served on them any more. */

import { canonicalJson } from '../../../schema/canonical-json.ts';
import type { Graph } from '../../../schema/graph/graph.ts';
import type { ListenerNode } from '../../../schema/graph/listener.ts';
import { bindsOverlap } from '../../address.ts';
import type { NodeChange } from '../nodes.ts';
import { bindText } from '../write/listener.ts';
import { type Effect, type EffectContext, type EffectsOf, touches } from './effect.ts';

/** What a socket is tied to: with another, it is another socket. */
const socketOf = ({ bind, http, tls }: ListenerNode): string =>
  canonicalJson([bind, http, tls !== undefined]);

/** The listener of the running gateway that has the address of a new socket. */
const holderOf = ({ bind }: ListenerNode, running: Graph): ListenerNode | undefined =>
  Object.values(running.listeners).find((other) => bindsOverlap(other.bind, bind));

const bound = (
  node: ListenerNode,
  { before, after }: EffectContext,
  otherwise: () => readonly Effect[],
): readonly Effect[] => {
  const holder = holderOf(node, before.graph);
  if (holder === undefined) return otherwise();
  const text =
    holder.name === node.name && bindText(holder.bind) === bindText(node.bind)
      ? `a socket with other protocols cannot be bound at ${bindText(node.bind)} while the running one has the address: a reload is refused`
      : `${bindText(node.bind)} is held by listener \`${holder.name}\` of the running gateway until it has gone: a reload is refused`;
  const alone = `${text}, and ${after.graph.name} serves on as it is`;
  return [{ kind: 'address-held', node: `listener:${node.name}`, impact: 'needs-restart', text: alone }];
};

const added = (node: ListenerNode, context: EffectContext): readonly Effect[] =>
  bound(node, context, () => [
    {
      kind: 'listener-binds',
      node: `listener:${node.name}`,
      impact: 'in-place',
      text: `${bindText(node.bind)} is bound before the swap; if it cannot be, nothing changes`,
    },
  ]);

const removed = (node: ListenerNode): readonly Effect[] => [
  {
    kind: 'listener-closes',
    node: `listener:${node.name}`,
    impact: 'drains',
    text: `${bindText(node.bind)} answers 503 from the swap on, and is closed when requests in flight have ended`,
  },
];

const rebound = (old: ListenerNode, node: ListenerNode, context: EffectContext): readonly Effect[] =>
  bound(node, context, () => [
    {
      kind: 'listener-rebinds',
      node: `listener:${node.name}`,
      impact: 'drains',
      text: `${bindText(node.bind)} is bound before the swap; ${bindText(old.bind)} is closed when requests in flight have ended, and the connections on it with it`,
    },
  ]);

/** Taken over by the bound socket. */
const IN_PLACE = ['tls', 'sizes', 'connections'];

/** What is open to callers whose address is not admitted any more. */
const refusedEnd = ({ name }: ListenerNode, { after }: EffectContext): readonly Effect[] => {
  const { onPolicyChange } = after.graph.reload;
  if (onPolicyChange === 'keep') return [];
  const when = onPolicyChange === 'drain' ? 'within the window of the drain' : 'at once';
  const text = `open streams and sessions of addresses that are not admitted any more end ${when}`;
  return [{ kind: 'refused-end', node: `listener:${name}`, impact: 'ends', text }];
};

const changed = (change: NodeChange, context: EffectContext): readonly Effect[] => {
  const [old, node] = [
    context.before.graph.listeners[change.name]!,
    context.after.graph.listeners[change.name]!,
  ];
  if (socketOf(old) !== socketOf(node)) return rebound(old, node, context);
  const effects: Effect[] = [];
  if (touches(change, ...IN_PLACE)) {
    effects.push({
      kind: 'listener-renews',
      node: `listener:${node.name}`,
      impact: 'in-place',
      text: touches(change, 'tls')
        ? 'the socket stays bound; new handshakes use the new TLS material, open connections stay'
        : 'the socket stays bound; open connections stay',
    });
  }
  if (change.fields.some(({ field }) => !IN_PLACE.includes(field.split('.')[0]!))) {
    effects.push({
      kind: 'listener-rules',
      node: `listener:${node.name}`,
      impact: 'in-place',
      text: 'the rules hold from the next request on, on open connections too',
    });
  }
  if (touches(change, 'ip', 'trustedProxies')) effects.push(...refusedEnd(node, context));
  return effects;
};

export const listenerEffects: EffectsOf = (change, context) => {
  const { before, after } = context;
  switch (change.change) {
    case 'added':
      return added(after.graph.listeners[change.name]!, context);
    case 'removed':
      return removed(before.graph.listeners[change.name]!);
    case 'changed':
      return changed(change, context);
  }
};

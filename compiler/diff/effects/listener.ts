/** Sockets: bound before the swap, kept by address, and closed at the swap where nothing is served on them any more. */

import { canonicalJson } from '../../../schema/canonical-json.ts';
import type { Graph } from '../../../schema/graph/graph.ts';
import type { ListenerNode } from '../../../schema/graph/listener.ts';
import { bindsOverlap } from '../../address.ts';
import type { NodeChange } from '../nodes.ts';
import { bindText } from '../write/listener.ts';
import { type Effect, type EffectContext, type EffectsOf, touches } from './effect.ts';

/** What a listener is tied to, besides its address: with another, another takes over from it. */
const protocolsOf = ({ http, tls, serve }: ListenerNode): string =>
  canonicalJson([http, tls !== undefined, serve.length > 0]);

/** Whether two listeners have the very same address. A port that the system chooses belongs to its listener. */
const isSameAddress = (a: ListenerNode, b: ListenerNode): boolean =>
  canonicalJson(a.bind) === canonicalJson(b.bind) &&
  (a.bind.type === 'unix' || a.bind.port !== 0 || a.name === b.name);

const servedAt = (node: ListenerNode, { listeners }: Graph): ListenerNode | undefined =>
  Object.values(listeners).find((other) => isSameAddress(other, node));

/** With threads, operations are served by the process itself: neither can hand its socket to the other. */
const canHandOver = (from: ListenerNode, to: ListenerNode, { workers = 1 }: Graph): boolean =>
  workers === 1 || from.serve.length > 0 === to.serve.length > 0;

/** The listener of the running gateway that keeps a socket from being bound. */
const holderOf = ({ bind }: ListenerNode, running: Graph): ListenerNode | undefined =>
  Object.values(running.listeners).find((other) => bindsOverlap(other.bind, bind));

const handedOver = (from: ListenerNode, node: ListenerNode): Effect => {
  const isAlike = protocolsOf(from) === protocolsOf(node);
  return {
    kind: 'listener-handed-over',
    node: `listener:${node.name}`,
    impact: isAlike ? 'in-place' : 'drains',
    text: isAlike
      ? `${bindText(node.bind)} stays bound, and is served by this listener from the swap on; open connections stay`
      : `${bindText(node.bind)} stays bound; new connections speak the new protocols, those of before end with their requests in flight`,
  };
};

const bound = (
  node: ListenerNode,
  { before, after }: EffectContext,
  otherwise: () => readonly Effect[],
): readonly Effect[] => {
  const from = servedAt(node, before.graph);
  if (from !== undefined && canHandOver(from, node, after.graph)) return [handedOver(from, node)];
  const holder = holderOf(node, before.graph);
  if (holder === undefined) return otherwise();
  const text = `${bindText(node.bind)} is held by listener \`${holder.name}\` of the running gateway until it has gone: a reload is refused, and ${after.graph.name} serves on as it is`;
  return [{ kind: 'address-held', node: `listener:${node.name}`, impact: 'needs-restart', text }];
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

const removed = (node: ListenerNode, { after }: EffectContext): readonly Effect[] =>
  servedAt(node, after.graph) !== undefined
    ? []
    : [
        {
          kind: 'listener-closes',
          node: `listener:${node.name}`,
          impact: 'drains',
          text: `${bindText(node.bind)} takes no connection from the swap on; those that it has end with their requests in flight`,
        },
      ];

const rebound = (old: ListenerNode, node: ListenerNode, context: EffectContext): readonly Effect[] =>
  bound(node, context, () => [
    {
      kind: 'listener-rebinds',
      node: `listener:${node.name}`,
      impact: 'drains',
      text: `${bindText(node.bind)} is bound before the swap; ${bindText(old.bind)} takes no connection from then on, and those that it has end with their requests in flight`,
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
  if (!isSameAddress(old, node) || protocolsOf(old) !== protocolsOf(node)) return rebound(old, node, context);
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
      return removed(before.graph.listeners[change.name]!, context);
    case 'changed':
      return changed(change, context);
  }
};

/** `trust.tools: pinned`: what the lock has of each upstream that is held to it. */

import { canonicalJson } from '../../schema/canonical-json.ts';
import type { Graph } from '../../schema/graph/graph.ts';
import type { PinNode } from '../../schema/graph/pin.ts';
import { LOCKED_KINDS, type Lock, type LockedItem, type LockedUpstream } from '../../schema/lock/lock.ts';
import type { GatewayData } from '../configuration.ts';
import { given } from './measure.ts';

const NOTHING: LockedUpstream = { prompts: [], resourceTemplates: [], tools: [] };

const pinned = ({ name, sha256, definition }: LockedItem) => ({
  name,
  sha256,
  definition: canonicalJson(definition),
});

const lowerPin = (name: string, locked: LockedUpstream): PinNode => {
  const lists = LOCKED_KINDS.map((kind) => [kind, locked[kind].map(pinned)]);
  return {
    kind: 'pin',
    name,
    ...(Object.fromEntries(lists) as Pick<PinNode, (typeof LOCKED_KINDS)[number]>),
    ...given('instructions', locked.instructions),
  };
};

/** By upstream; undefined if none is pinned. What is pinned and not locked may offer nothing. */
export const lowerPins = ({ upstreams }: GatewayData, lock: Lock | undefined): Graph['pins'] => {
  const names = Object.keys(upstreams)
    .filter((name) => upstreams[name]!.trust!.tools === 'pinned')
    .sort();
  if (names.length === 0) return undefined;
  return Object.fromEntries(
    names.map((name) => {
      const isLocked = lock !== undefined && Object.hasOwn(lock.upstreams, name);
      return [name, lowerPin(name, isLocked ? lock.upstreams[name]! : NOTHING)];
    }),
  );
};

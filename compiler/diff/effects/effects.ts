/** The effects of all changes on live traffic. */

import type { NodeKind } from '../nodes.ts';
import type { Effect, EffectContext, EffectsOf } from './effect.ts';
import { listenerEffects } from './listener.ts';
import { identityEffects, limitEffects, policyEffects } from './rules.ts';
import { sectionEffects } from './section.ts';
import { serverEffects, transportEffects } from './server.ts';
import { upstreamEffects } from './upstream.ts';

const EFFECTS: Readonly<Record<NodeKind, EffectsOf>> = {
  listener: listenerEffects,
  identity: identityEffects,
  server: transportEffects,
  upstream: upstreamEffects,
  policy: policyEffects,
  limit: limitEffects,
  section: sectionEffects,
};

/** In the order of the changes, those of servers first that are changed by what they refer to. */
export const effectsOf = (context: EffectContext): readonly Effect[] => [
  ...context.nodes.flatMap((change) => EFFECTS[change.kind](change, context)),
  ...serverEffects(context),
];

/** The sections that are one thing each. */

import { canonicalJson } from '../../../schema/canonical-json.ts';
import type { NodeChange } from '../nodes.ts';
import { type Effect, type EffectContext, type EffectsOf, touches } from './effect.ts';

type SectionEffects = (change: NodeChange, context: EffectContext, swaps: Swaps) => readonly Effect[];
type Swaps = (text: string) => Effect;

const sealing: SectionEffects = (_, { before, after }, swaps) => {
  const [old, next] = [before, after].map(({ graph }) => graph.sealing.keys.map(canonicalJson)) as [
    string[],
    string[],
  ];
  const lost = old.filter((key) => !next.includes(key));
  if (lost.length === 0) return [swaps('new seals use the first key; all that was sealed still opens')];
  const all = lost.length === old.length;
  return [
    {
      kind: 'seals-broken',
      node: 'section:sealing',
      impact: 'ends',
      text: `${all ? 'no cursor, request state or task id that was handed out opens any more' : 'cursors, request states and task ids that a removed key sealed do not open any more'}; sessions that are open go on`,
    },
  ];
};

const SECTIONS: Readonly<Record<string, SectionEffects>> = {
  gateway: (change, _, swaps) => [
    ...(touches(change, 'name')
      ? [
          {
            kind: 'old-name-kept',
            node: 'section:gateway',
            impact: 'needs-restart',
            text: 'new sessions are told the new name at once; upstreams that do not change go on with the old one until a restart',
          } as const,
        ]
      : []),
    ...(touches(change, 'workers')
      ? [
          {
            kind: 'threads-fixed',
            node: 'section:gateway',
            impact: 'needs-restart',
            text: 'threads are started with the process: a reload to another number of them is refused',
          } as const,
        ]
      : []),
    ...(touches(change, 'profile') ? [swaps('decides which findings are errors; nothing that runs')] : []),
  ],
  tenants: (_, __, swaps) => [
    swaps(
      'calls from the next request on count for the tenants as they are now; what was counted still counts',
    ),
  ],
  telemetry: (change, _, swaps) => [
    ...(touches(change, 'log') ? [swaps('the log goes by it from the swap on')] : []),
    ...(touches(change, 'metrics')
      ? [
          {
            kind: 'nothing-read',
            node: 'section:telemetry',
            impact: 'in-place',
            text: 'metrics are served where a listener has `metrics` in `serve`, whatever this says',
          } as const,
        ]
      : []),
  ],
  sealing,
  state: () => [
    {
      kind: 'store-fixed',
      node: 'section:state',
      impact: 'needs-restart',
      text: 'the store is reached from the start of the process on: a reload to another one, or to none, is refused',
    },
  ],
  sessions: (_, __, swaps) => [
    swaps(
      'sessions, subscriptions and parked calls that are open go by the new bounds too; none is ended to make room',
    ),
  ],
  pressure: (_, __, swaps) => [swaps('new work is let in or refused by it from the swap on')],
  reload: (change, _, swaps) => [
    ...(touches(change, 'watch') ? [swaps('files are watched, or not, from the swap on')] : []),
    ...(touches(change, 'onPolicyChange') ? [swaps('this change already treats what is open by it')] : []),
    ...(touches(change, 'drain', 'maxGenerations')
      ? [swaps('this change already drains the old graph by the new bounds')]
      : []),
  ],
  shutdown: (_, __, swaps) => [swaps('counts when the process ends')],
};

export const sectionEffects: EffectsOf = (change, context) => {
  const node = `section:${change.name}` as const;
  return SECTIONS[change.name]!(change, context, (text) => ({
    kind: 'section-swaps',
    node,
    impact: 'in-place',
    text,
  }));
};

/** What one graph becomes with another: changes, what they do to live traffic, what callers see of them, what to look at twice. */
import type { Span } from '../../schema/diagnostic.ts';
import type { CompiledGraph } from '../../schema/graph/graph.ts';
import type { Lock } from '../../schema/lock/lock.ts';
import type { CompileResult } from '../compile.ts';
import { nearestPlace } from '../source/nearest-place.ts';
import { type Effect, IMPACTS, type Impact } from './effects/effect.ts';
import { effectsOf } from './effects/effects.ts';
import type { FieldChange } from './fields.ts';
import { diffNodes, type NodeChange } from './nodes.ts';
import type { Risk, RiskOptions } from './risk/risk.ts';
import { risksOf } from './risk/risks.ts';
import { type Offers, type SurfaceChange, surfaceChanges } from './surface.ts';

/** One of the two graphs, with what is known about it besides. */
export interface PlanSide {
  /** What the user called it. */
  readonly label: string;
  readonly compiled: CompiledGraph;
  readonly placeOf: CompileResult['placeOf'];
  /** What upstreams were approved of with. */
  readonly lock: Lock | undefined;
}

export type PlannedField = FieldChange & {
  /** In the newer configuration, or in the older for what is gone. */
  readonly place: Span | undefined;
  /** Whether a file says it; otherwise it is a default. */
  readonly written: boolean;
};

export interface PlannedChange extends Omit<NodeChange, 'fields'> {
  readonly place: Span | undefined;
  readonly fields: readonly PlannedField[];
  readonly effects: readonly Effect[];
}

export interface PlannedRisk extends Risk {
  readonly place: Span | undefined;
}

export interface Plan {
  readonly before: Pick<PlanSide, 'label'> & { readonly hash: string };
  readonly after: Pick<PlanSide, 'label'> & { readonly hash: string };
  readonly changes: readonly PlannedChange[];
  /** Those of nodes that changed only in what they refer to. */
  readonly further: readonly Effect[];
  readonly surfaces: readonly SurfaceChange[];
  readonly risks: readonly PlannedRisk[];
  /** The hardest of all effects; absent where nothing changes. */
  readonly impact: Impact | undefined;
}

const planField = (
  change: NodeChange,
  field: FieldChange,
  before: PlanSide,
  after: PlanSide,
): PlannedField => {
  const [side, at] = field.after === undefined ? [before, field.at.before] : [after, field.at.after];
  const path = [...change.path, ...at];
  return {
    ...field,
    place: nearestPlace(side.placeOf, path),
    written: side.placeOf(path) !== undefined,
  };
};

const offersOf =
  (lock: Lock | undefined): Offers =>
  (upstream) => {
    const locked = lock?.upstreams[upstream];
    if (locked === undefined) return undefined;
    const of = (kind: 'tools' | 'prompts') =>
      new Map(locked[kind].map(({ name, sha256 }) => [name, sha256] as const));
    return { tools: of('tools'), prompts: of('prompts') };
  };

const hardest = (effects: readonly Effect[]): Impact | undefined =>
  IMPACTS.findLast((impact) => effects.some((effect) => effect.impact === impact));

/** The plan of going from one graph to the other. Empty where both mean the same, however they are written. */
export const planChange = (before: PlanSide, after: PlanSide, options: RiskOptions): Plan => {
  const nodes = diffNodes(before.compiled.graph, after.compiled.graph);
  const effects = effectsOf({ before: before.compiled, after: after.compiled, nodes });
  const idOf = ({ kind, name }: NodeChange) => `${kind}:${name}`;
  const ids = new Set(nodes.map(idOf));
  const changes = nodes.map((change): PlannedChange => {
    const side = change.change === 'removed' ? before : after;
    return {
      ...change,
      place: nearestPlace(side.placeOf, change.path),
      fields: change.fields.map((field) => planField(change, field, before, after)),
      effects: effects.filter(({ node }) => node === idOf(change)),
    };
  });
  return {
    before: { label: before.label, hash: before.compiled.hash },
    after: { label: after.label, hash: after.compiled.hash },
    changes,
    further: effects.filter(({ node }) => !ids.has(node)),
    surfaces: surfaceChanges(
      { compiled: before.compiled, offers: offersOf(before.lock) },
      { compiled: after.compiled, offers: offersOf(after.lock) },
    ),
    risks: risksOf(before.compiled.graph, after.compiled.graph, options).map((risk) => ({
      ...risk,
      place: nearestPlace((risk.side === 'after' ? after : before).placeOf, risk.path),
    })),
    impact: hardest(effects),
  };
};

/** Whether both graphs mean the same to whoever calls and whoever serves. */
export const isEmpty = ({ changes, surfaces }: Plan): boolean =>
  changes.length === 0 && surfaces.length === 0;

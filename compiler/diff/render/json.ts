/** A plan for programs, in a shape that carries its version. */
import type { Span } from '../../../schema/diagnostic.ts';
import type { Effect } from '../effects/effect.ts';
import { isEmpty, type Plan, type PlannedChange, type PlannedField } from '../plan.ts';

/** Changes when a member changes its meaning or goes; new members may come without. */
const FORMAT_VERSION = 1;

const placeOf = (span: Span | undefined) =>
  span === undefined ? null : { file: span.file, line: span.line, column: span.column };

const fieldOf = (field: PlannedField) => ({
  field: field.field,
  kind: field.kind,
  before: field.before ?? null,
  after: field.after ?? null,
  ...(field.kind === 'list'
    ? { ordered: field.ordered, added: field.added, removed: field.removed, moved: field.moved }
    : {}),
  written: field.written,
  place: placeOf(field.place),
});

const effectOf = ({ kind, node, impact, text }: Effect) => ({ kind, node, impact, text });

const changeOf = (change: PlannedChange) => ({
  kind: change.kind,
  name: change.name,
  change: change.change,
  place: placeOf(change.place),
  fields: change.fields.map(fieldOf),
  effects: change.effects.map(effectOf),
});

/** One JSON document. */
export const renderPlanJson = (plan: Plan): string => {
  const of = (kind: PlannedChange['change']) => plan.changes.filter(({ change }) => change === kind).length;
  const document = {
    formatVersion: FORMAT_VERSION,
    before: plan.before,
    after: plan.after,
    empty: isEmpty(plan),
    added: of('added'),
    changed: of('changed'),
    removed: of('removed'),
    impact: plan.impact ?? null,
    changes: plan.changes.map(changeOf),
    furtherEffects: plan.further.map(effectOf),
    toolSurface: plan.surfaces,
    risks: plan.risks.map(({ id, severity, text, side, place }) => ({
      id,
      severity,
      text,
      side,
      place: placeOf(place),
    })),
  };
  return `${JSON.stringify(document, null, 2)}\n`;
};

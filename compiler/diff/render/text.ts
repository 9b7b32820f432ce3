/** A plan for a terminal. */
import type { Style } from '../../diagnostics/render/style.ts';
import { colorPaint, type Paint, plainPaint } from '../../diagnostics/render/style.ts';
import type { Effect } from '../effects/effect.ts';
import type { Plan, PlannedChange, PlannedField, PlannedRisk } from '../plan.ts';
import type { SurfaceChange } from '../surface.ts';
import {
  countsText,
  fieldTexts,
  IMPACT_WORDS,
  impactText,
  nodeText,
  placeText,
  printable,
  risksText,
  SIGNS,
  surfaceText,
  toldText,
} from './words.ts';

const NODE_WIDTH = 56;
const FIELD_WIDTH = 26;

const SIGN_STYLES: Readonly<Record<PlannedChange['change'], Style>> = {
  added: 'added',
  removed: 'error',
  changed: 'warning',
};

/** A text and what stands at its right. */
const withPlace = (text: string, place: string, width: number, paint: Paint): string =>
  place === '' ? text : `${text.padEnd(width)}  ${paint('place', place)}`;

const fieldLines = (field: PlannedField): readonly string[] => {
  const name = printable(field.field);
  const [first = '', ...rest] = fieldTexts(field);
  return [
    `    ${name.padEnd(FIELD_WIDTH)}  ${first}`,
    ...rest.map((text) => `    ${' '.repeat(FIELD_WIDTH)}  ${text}`),
  ];
};

const effectLine = ({ impact, text }: Effect, paint: Paint): string =>
  `    ${paint(impact === 'needs-restart' ? 'error' : 'strong', `${IMPACT_WORDS[impact]}:`)} ${printable(text)}`;

/** Of what is new or gone, what the file says of it; all of it where no file is known. */
const shownFields = ({ change, fields }: PlannedChange): readonly PlannedField[] => {
  const written = fields.filter((field) => field.written);
  return change === 'changed' || written.length === 0 ? fields : written;
};

const changeLines = (change: PlannedChange, paint: Paint): readonly string[] => {
  const head = `${SIGNS[change.change]} ${nodeText(change)}`;
  const padded = withPlace(
    head,
    placeText(change.place, change.change === 'removed' ? 'before' : 'after'),
    NODE_WIDTH,
    paint,
  );
  return [
    paint(SIGN_STYLES[change.change], padded.slice(0, head.length)) + padded.slice(head.length),
    ...shownFields(change).flatMap(fieldLines),
    ...change.effects.map((effect) => effectLine(effect, paint)),
  ];
};

const surfaceLines = (surface: SurfaceChange): readonly string[] => {
  const told = toldText(surface);
  const line = `  ${surface.server}: ${surfaceText(surface)}`;
  return told === '' ? [line] : [line, `    ${told}`];
};

const riskLine = (risk: PlannedRisk, paint: Paint): string => {
  const style = risk.severity === 'high' ? 'error' : risk.severity === 'medium' ? 'warning' : 'strong';
  const text = `  ${paint(style, risk.severity.padEnd(6))}  ${risk.id}: ${printable(risk.text)}`;
  const place = placeText(risk.place, risk.side);
  return place === '' ? text : `${text}  ${paint('place', place)}`;
};

const block = (title: string, lines: readonly string[], paint: Paint): readonly string[] =>
  lines.length === 0 ? [] : [paint('strong', title), ...lines, ''];

const furtherLines = (effects: readonly Effect[], paint: Paint): readonly string[] =>
  effects.flatMap((effect) => [`  ${effect.node.replace(':', ' ')}`, effectLine(effect, paint)]);

/** The part that both a terminal and a comment show. */
export const planLines = (plan: Plan, paint: Paint): readonly string[] => [
  ...plan.changes.flatMap((change) => [...changeLines(change, paint), '']),
  ...block('changed by what they refer to', furtherLines(plan.further, paint), paint),
  ...block('what callers see', plan.surfaces.flatMap(surfaceLines), paint),
];

/** Ends with a line break. */
export const renderPlanText = (plan: Plan, { color }: { readonly color: boolean }): string => {
  const paint = color ? colorPaint : plainPaint;
  const { before, after, changes, risks } = plan;
  const title = `${printable(before.label)} → ${printable(after.label)}`;
  if (changes.length === 0 && plan.surfaces.length === 0) return `${title}: no changes\n`;
  const lines = [
    paint('strong', title),
    '',
    ...planLines(plan, paint),
    ...block(
      'risks',
      risks.map((risk) => riskLine(risk, paint)),
      paint,
    ),
    `${countsText(changes)}; ${risksText(risks)}; ${impactText(plan)}`,
  ];
  return `${lines.join('\n')}\n`;
};

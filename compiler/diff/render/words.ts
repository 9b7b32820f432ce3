/** The words that all formats of a plan share. */

import type { Span } from '../../../schema/diagnostic.ts';
import { escapeHidden } from '../../../schema/hidden-characters.ts';
import type { Impact } from '../effects/effect.ts';
import type { FieldChange } from '../fields.ts';
import type { NodeChange } from '../nodes.ts';
import type { Plan, PlannedChange, PlannedRisk } from '../plan.ts';
import type { SurfaceChange } from '../surface.ts';

export const SIGNS: Readonly<Record<NodeChange['change'], string>> = {
  added: '+',
  removed: '-',
  changed: '~',
};

export const IMPACT_WORDS: Readonly<Record<Impact, string>> = {
  'in-place': 'in place',
  drains: 'drains',
  ends: 'ends',
  'needs-restart': 'needs restart',
};

const MAX_TEXT = 100;

/** On one line, with nothing that is not seen. */
export const printable = (text: string): string => escapeHidden(text).replaceAll('\n', '\\n');

const clip = (text: string, from = 0): string => {
  const head = from > 0 ? '…' : '';
  const rest = text.slice(from);
  return rest.length > MAX_TEXT ? `${head}${rest.slice(0, MAX_TEXT)}…` : head + rest;
};

/** How far into long texts their first difference is, less some that shows where it stands. */
const startOf = (a: string, b: string): number => {
  let same = 0;
  while (same < a.length && a[same] === b[same]) same += 1;
  return same > MAX_TEXT / 2 ? same - 20 : 0;
};

/** `60s → 30s`. */
export const turned = (before: string, after: string): string => {
  const [old, next] = [printable(before), printable(after)];
  if (old === next) return `${clip(next)} changed`;
  const from = Math.max(old.length, next.length) > MAX_TEXT ? startOf(old, next) : 0;
  return `${clip(old, from)} → ${clip(next, from)}`;
};

const listText = (items: readonly string[]): string => `[${items.map(printable).join(', ')}]`;

/** How a field changed, on one line; several for the items of a list. */
export const fieldTexts = (field: FieldChange): readonly string[] => {
  if (field.kind === 'value') {
    const { before, after } = field;
    if (before === undefined) return [`+ ${clip(printable(after!))}`];
    if (after === undefined) return [`- ${clip(printable(before))}`];
    return [turned(before, after)];
  }
  const { ordered, before, after, added, removed, moved } = field;
  const whole = ordered && before !== undefined && after !== undefined && [before, after].map(listText);
  if (whole && whole.join('').length <= MAX_TEXT) return [whole.join(' → ')];
  if (after === undefined) return [`- ${clip(listText(before ?? []))}`];
  if (before === undefined) return [`+ ${clip(listText(after))}`];
  return [
    ...added.map((item) => `+ ${clip(printable(item))}`),
    ...removed.map((item) => `- ${clip(printable(item))}`),
    ...moved.map(({ key, from, to }) => `${printable(key)} moved from ${from} to ${to}`),
  ];
};

/** `gateway.yaml:31`, or `gateway.yaml:31 before` for what only the older configuration says. */
export const placeText = (place: Span | undefined, side: 'before' | 'after'): string =>
  place === undefined ? '' : `${printable(place.file)}:${place.line}${side === 'before' ? ' before' : ''}`;

/** `server engineering`; a section by its name. */
export const nodeText = ({ kind, name }: Pick<NodeChange, 'kind' | 'name'>): string =>
  kind === 'section' ? name : `${kind} ${name}`;

const MAX_NAMES = 12;

const namesText = (sign: string, names: readonly string[]): string => {
  const shown = names.slice(0, MAX_NAMES).map((name) => `${sign}${printable(name)}`);
  const rest = names.length - shown.length;
  return rest > 0 ? `${shown.join(' ')} and ${rest} more` : shown.join(' ');
};

/** `tools of remote: +gh_search -gh_get`. */
export const surfaceText = ({ surface, upstream, gained, lost, redefined }: SurfaceChange): string => {
  const parts = [
    ...(gained.length === 0 ? [] : [namesText('+', gained)]),
    ...(lost.length === 0 ? [] : [namesText('-', lost)]),
    ...(redefined.length === 0 ? [] : [namesText('~', redefined)]),
  ];
  return `${surface} of ${upstream}: ${parts.join('  ')}`;
};

/** Who learns of a changed surface. */
export const toldText = ({ surface, told }: SurfaceChange): string =>
  told && surface !== 'extensions' ? `${surface}/list_changed to sessions that listen; others ask again` : '';

const count = (number: number, one: string, many = `${one}s`): string =>
  `${number} ${number === 1 ? one : many}`;

/** `1 added, 2 changed, 1 removed`. */
export const countsText = (changes: readonly PlannedChange[]): string => {
  const of = (kind: NodeChange['change']) => changes.filter(({ change }) => change === kind).length;
  const parts = (['added', 'changed', 'removed'] as const)
    .map((kind) => [of(kind), kind] as const)
    .filter(([number]) => number > 0)
    .map(([number, kind]) => `${number} ${kind}`);
  return parts.length === 0 ? 'no changes' : parts.join(', ');
};

/** `3 risks (1 high, 2 low)`. */
export const risksText = (risks: readonly PlannedRisk[]): string => {
  const of = (['high', 'medium', 'low'] as const)
    .map((severity) => [risks.filter((risk) => risk.severity === severity).length, severity] as const)
    .filter(([number]) => number > 0)
    .map(([number, severity]) => `${number} ${severity}`);
  return risks.length === 0 ? 'no risks' : `${count(risks.length, 'risk')} (${of.join(', ')})`;
};

/** What the hardest effect means for whoever rolls the change out. */
export const impactText = ({ impact }: Plan): string => {
  switch (impact) {
    case undefined:
    case 'in-place':
      return 'nothing is interrupted';
    case 'drains':
      return 'calls in flight finish on what they began with';
    case 'ends':
      return 'open streams or sessions end';
    case 'needs-restart':
      return 'a restart is needed';
  }
};

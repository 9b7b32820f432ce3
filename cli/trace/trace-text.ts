/** A trace as text. */
import type { Paint, Style } from '../../compiler/diagnostics/render/style.ts';
import type { Trace } from '../../policies/trace/trace.ts';
import { redactLine } from '../../runtime/observe/redact.ts';
import { escapeInvisible } from '../../runtime/observe/safe-text.ts';
import { nearestPlace, type PlaceOf, placeText } from './places.ts';
import { type Line, type LineContext, type Mark, stepLines } from './step-lines.ts';

const MARKS: Readonly<Record<Mark, readonly [text: string, style: Style]>> = {
  ok: ['ok', 'place'],
  no: ['NO', 'error'],
  not: ['--', 'warning'],
};

/** Places stand in a column of their own, as far as lines are not longer. */
const PLACE_COLUMN = 76;

export interface TextOptions {
  readonly context: LineContext;
  readonly placeOf: PlaceOf;
  readonly paint: Paint;
  readonly indent: string;
}

const lineText = ({ mark, depth, text, path }: Line, { placeOf, paint, indent }: TextOptions): string => {
  const [word, style] = mark === undefined ? ['  ', 'strong' as const] : MARKS[mark];
  const head = mark === undefined ? word : paint(style, word);
  // What callers wrote may hold anything; credentials are never shown.
  const safe = escapeInvisible(redactLine(`${'    '.repeat(depth)}${text}`));
  const span = path && nearestPlace(placeOf, path);
  if (span === undefined) return `${indent}${head}  ${safe}`;
  const gap = ' '.repeat(Math.max(2, PLACE_COLUMN - safe.length));
  return `${indent}${head}  ${safe}${gap}${paint('place', placeText(span))}`;
};

/** Each step on its line, with what decided it below. */
export const traceText = ({ steps }: Trace, options: TextOptions): string =>
  steps
    .flatMap((step) => stepLines(step, options.context))
    .map((line) => `${lineText(line, options)}\n`)
    .join('');

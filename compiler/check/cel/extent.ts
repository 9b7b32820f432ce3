/** How far a part of an expression reaches in the text. */
import type { CelExpr } from '../../../policies/cel/expression.ts';
import { type Inference, tokenIndexAt } from './inference.ts';
import type { CelSpan } from './problem.ts';
import type { CelToken } from './tokens.ts';

/** The parts of a node as they are written: of a loop or `has`, those before the parser spelt it out. */
const writtenParts = ({ sourceInfo }: Inference, expr: CelExpr): readonly (CelExpr | undefined)[] => {
  const { exprKind } = sourceInfo?.macroCalls[String(expr.id)] ?? expr;
  switch (exprKind.case) {
    case 'selectExpr':
      return [exprKind.value.operand];
    case 'callExpr':
      return [exprKind.value.target, ...exprKind.value.args];
    case 'listExpr':
      return exprKind.value.elements;
    case 'structExpr':
      return exprKind.value.entries.flatMap(({ keyKind, value }) => [
        keyKind.case === 'mapKey' ? keyKind.value : undefined,
        value,
      ]);
    default:
      return [];
  }
};

const CLOSER: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };
const CLOSERS: ReadonlySet<string> = new Set(Object.values(CLOSER));

/** The last word needed to close what is opened from `first` to `last`, with the opener right after a name. */
const closedAt = (tokens: readonly CelToken[], first: number, last: number): number => {
  let depth = 0;
  let at = first;
  for (; at < tokens.length && (at <= last || depth > 0); at++) {
    const { text } = tokens[at]!;
    if (text in CLOSER) depth++;
    else if (CLOSERS.has(text)) depth--;
  }
  return at - 1;
};

const rangeOf = (inference: Inference, expr: CelExpr): readonly [number, number] => {
  const { tokens } = inference;
  const own = tokenIndexAt(inference, expr);
  let [first, last] = [own, tokens[own]?.text === '.' ? own + 1 : own];
  const isNamed = tokens[last]?.kind === 'name' && expr.exprKind.case === 'callExpr';
  if (isNamed && tokens[last + 1]?.text === '(') last++;
  for (const part of writtenParts(inference, expr)) {
    if (part === undefined || inference.sourceInfo?.positions[String(part.id)] === undefined) continue;
    const [from, to] = rangeOf(inference, part);
    first = Math.min(first, from);
    last = Math.max(last, to);
  }
  return [first, closedAt(tokens, first, last)];
};

/** From the first character of an expression to the last; parentheses around it are not part of it. */
export const extentOf = (inference: Inference, expr: CelExpr): CelSpan => {
  const [first, last] = rangeOf(inference, expr);
  const [start, end] = [inference.tokens[first], inference.tokens[last]];
  if (start === undefined || end === undefined) return { offset: 0, length: 0 };
  return { offset: start.offset, length: end.offset + end.length - start.offset };
};

/** An expression as it is written. */
export const textOf = (inference: Inference, expr: CelExpr): string => {
  const { offset, length } = extentOf(inference, expr);
  return inference.expression.slice(offset, offset + length);
};

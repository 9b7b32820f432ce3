/** Conditions on one attribute that can never both hold, and such of which one always does. */
import { type CelExpr, fieldChain } from '../../../policies/cel/expression.ts';
import { textOf } from './extent.ts';
import { type Inference, spanOf } from './inference.ts';
import { literalText } from './literals.ts';
import { celProblem } from './problem.ts';

/** A comparison of an attribute with a text. */
interface Compared {
  readonly expr: CelExpr;
  readonly attribute: CelExpr;
  readonly path: string;
  readonly literal: CelExpr;
}

const operandsOf = (expr: CelExpr, operator: string): readonly CelExpr[] =>
  expr.exprKind.case === 'callExpr' && expr.exprKind.value.function === operator
    ? expr.exprKind.value.args.flatMap((operand) => operandsOf(operand, operator))
    : [expr];

const comparedBy = (expr: CelExpr, operator: string): Compared | undefined => {
  if (expr.exprKind.case !== 'callExpr' || expr.exprKind.value.function !== operator) return undefined;
  const [left, right] = expr.exprKind.value.args;
  if (left === undefined || right === undefined) return undefined;
  const [attribute, literal] = literalText(right) === undefined ? [right, left] : [left, right];
  const path = literalText(literal) === undefined ? undefined : fieldChain(attribute);
  return path && { expr, attribute, path: JSON.stringify(path), literal };
};

/** Warns of `a == 'x' && a == 'y'`, which never holds, and of `a != 'x' || a != 'y'`, which always does. */
export const noteContradiction = (inference: Inference, expr: CelExpr, operator: '_&&_' | '_||_'): void => {
  const isAnd = operator === '_&&_';
  const firsts = new Map<string, Compared>();
  for (const operand of operandsOf(expr, operator)) {
    const compared = comparedBy(operand, isAnd ? '_==_' : '_!=_');
    if (compared === undefined) continue;
    const first = firsts.get(compared.path);
    if (first === undefined) firsts.set(compared.path, compared);
    else if (literalText(first.literal) !== literalText(compared.literal))
      warn(inference, first, compared, isAnd);
  }
};

const warn = (inference: Inference, first: Compared, second: Compared, isAnd: boolean): void => {
  const span = spanOf(inference, second.expr);
  if (inference.warnings.some(({ offset }) => offset === span.offset)) return;
  const [name, one, other] = [first.attribute, first.literal, second.literal].map((part) =>
    textOf(inference, part),
  );
  const among = `${name} in [${one}, ${other}]`;
  const message = isAnd
    ? `\`${name}\` is never both \`${one}\` and \`${other}\`: this never holds`
    : `\`${name}\` is always other than \`${one}\` or \`${other}\`: this always holds`;
  const help = `did you mean \`${isAnd ? among : `!(${among})`}\`?`;
  inference.warnings.push(celProblem('constant', span, message, [help]));
};

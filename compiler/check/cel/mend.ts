/** What was probably meant where types do not fit, as help and as a change of the text. */
import type { CelExpr, CelNode } from '../../../policies/cel/expression.ts';
import { type CelType, typeName } from '../../../policies/cel/types.ts';
import { extentOf, textOf } from './extent.ts';
import type { Inference } from './inference.ts';
import { literalText } from './literals.ts';
import { type CelFix, guess } from './problem.ts';
import { areComparable, isNumeric } from './relations.ts';

export interface Mended {
  readonly help: string;
  readonly fix?: CelFix;
}

type Typed = readonly [expr: CelExpr, type: CelType];

const isLiteral = ({ exprKind }: CelExpr): boolean => exprKind.case === 'constExpr';

/** `names == 'a'` is `'a' in names`; a literal of the wrong type is written anew. */
export const mendedEquality = (
  inference: Inference,
  expr: CelExpr,
  left: Typed,
  right: Typed,
): Mended | undefined =>
  mendedMembership(inference, expr, left, right) ??
  mendedMembership(inference, expr, right, left) ??
  mendedLiteral(inference, right, left[1]) ??
  mendedLiteral(inference, left, right[1]) ??
  (left[1].kind === 'null' || right[1].kind === 'null' ? mendedNull(inference, left, right) : undefined);

const mendedMembership = (
  inference: Inference,
  expr: CelExpr,
  [list, type]: Typed,
  [element, elementType]: Typed,
): Mended | undefined => {
  if (type.kind !== 'list' || !areComparable(elementType, type.element)) return undefined;
  const isEqual = expr.exprKind.case === 'callExpr' && expr.exprKind.value.function === '_==_';
  const asked = `${textOf(inference, element)} in ${textOf(inference, list)}`;
  const text = isEqual ? asked : `!(${asked})`;
  return {
    help: `whether a list has an element is asked by \`${text}\``,
    fix: guess(extentOf(inference, expr), text),
  };
};

/** An attribute of the call is there or is no attribute of it; none is null. */
const mendedNull = (inference: Inference, left: Typed, right: Typed): Mended | undefined => {
  const [value] = left[1].kind === 'null' ? right : left;
  return value.exprKind.case === 'selectExpr'
    ? { help: `whether it is there is asked by \`has(${textOf(inference, value)})\`` }
    : undefined;
};

/** A number in quotes where a number is due, and the other way round. */
export const mendedLiteral = (
  inference: Inference,
  [literal, type]: Typed,
  wanted: CelType,
): Mended | undefined => {
  if (!isLiteral(literal)) return undefined;
  const text = textOf(inference, literal);
  const written = rewritten(text, type, wanted);
  if (written === undefined) return undefined;
  return {
    help: `as \`${typeName(wanted)}\` it is written \`${written}\``,
    fix: guess(extentOf(inference, literal), written),
  };
};

const rewritten = (text: string, type: CelType, wanted: CelType): string | undefined => {
  if (wanted.kind === 'string' && (isNumeric(type) || type.kind === 'bool')) return `'${text}'`;
  if (type.kind !== 'string') return undefined;
  const [, inner] = /^(?:'([^'\\]*)'|"([^"\\]*)")$/.exec(text)?.filter((part) => part !== undefined) ?? [];
  if (inner === undefined) return undefined;
  if (wanted.kind === 'bool') return /^(?:true|false)$/.test(inner) ? inner : undefined;
  if (wanted.kind === 'int') return /^-?\d+$/.test(inner) ? inner : undefined;
  if (wanted.kind === 'timestamp' || wanted.kind === 'duration') return `${wanted.kind}(${text})`;
  return undefined;
};

/** Of two operands: a literal of the other's type, or a number made like the other. */
export const mendedOperands = (inference: Inference, operands: readonly Typed[]): Mended | undefined => {
  const [left, right] = operands;
  if (left === undefined || right === undefined) return undefined;
  const literal = mendedLiteral(inference, right, left[1]) ?? mendedLiteral(inference, left, right[1]);
  if (literal !== undefined) return literal;
  if (!isNumeric(left[1]) || !isNumeric(right[1])) return undefined;
  const isDouble = left[1].kind === 'double' || right[1].kind === 'double';
  const [converted, others] = isDouble
    ? ['double', [left, right].filter(([, type]) => type.kind !== 'double')]
    : ['int', [left, right].filter(([, type]) => type.kind !== 'int')];
  const [only] = others;
  if (only === undefined || others.length !== 1) return undefined;
  const written = `${converted}(${textOf(inference, only[0])})`;
  return {
    help: `as \`${converted}\` it is written \`${written}\``,
    fix: guess(extentOf(inference, only[0]), written),
  };
};

/** `'a' in text` is `text.contains('a')`. */
export const mendedContains = (
  inference: Inference,
  expr: CelExpr,
  element: CelExpr,
  text: CelExpr,
): Mended => {
  const asked = `${textOf(inference, text)}.contains(${textOf(inference, element)})`;
  return { help: `text in text is asked by \`${asked}\``, fix: guess(extentOf(inference, expr), asked) };
};

/** `has(value['key'])` is `has(value.key)`. */
export const mendedPresence = (
  inference: Inference,
  expr: CelExpr,
  { function: name, args }: CelNode<'callExpr'>,
): CelFix | undefined => {
  const [argument] = args;
  if (name !== 'has' || args.length !== 1 || argument?.exprKind.case !== 'callExpr') return undefined;
  const { function: operator, args: operands } = argument.exprKind.value;
  const [operand, index] = operands;
  const key = index && literalText(index);
  if (operator !== '_[_]' || operand === undefined || key === undefined) return undefined;
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(key)) return undefined;
  const text = `has(${textOf(inference, operand)}.${key})`;
  return { span: extentOf(inference, expr), text, applicability: 'always' };
};

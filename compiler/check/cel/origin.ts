/** Where the type of a part of an expression comes from. */
import { type CelExpr, fieldChain } from '../../../policies/cel/expression.ts';
import { type CelType, isDynamic, typeName } from '../../../policies/cel/types.ts';
import { textOf } from './extent.ts';
import type { Inference, Scope } from './inference.ts';

/** Longer parts are not repeated in a note. */
const MAX_TEXT = 60;

const shown = (inference: Inference, expr: CelExpr): string | undefined => {
  const text = textOf(inference, expr);
  return text.length > MAX_TEXT || /\s{2}|\n|`/.test(text) ? undefined : text;
};

/** Says what a part of an expression is, and of which loop if it is its element. */
export const typeNote = (
  inference: Inference,
  expr: CelExpr,
  type: CelType,
  scope: Scope,
): string | undefined => {
  const text = shown(inference, expr);
  if (text === undefined) return undefined;
  const local = scope.get(fieldChain(expr)?.[0] ?? '');
  const range = local && shown(inference, local.range);
  const from = range === undefined ? '' : `, of an element of \`${range}\`,`;
  const isLocked = inference.targets !== undefined && fieldChain(expr)?.[0] === 'args' && !isDynamic(type);
  const source = isLocked && local === undefined ? ' by gateway.lock' : '';
  const isElement = expr.exprKind.case === 'identExpr';
  if (range !== undefined && isElement)
    return `\`${text}\`, an element of \`${range}\`, is \`${typeName(type)}\``;
  return `\`${text}\`${from} is \`${typeName(type)}\`${source}`;
};

export const typeNotes = (
  inference: Inference,
  parts: readonly (readonly [expr: CelExpr, type: CelType])[],
  scope: Scope,
): readonly string[] => parts.flatMap(([expr, type]) => typeNote(inference, expr, type, scope) ?? []);

/** From text to syntax tree, with the few shapes of tree that are made here. */
import type { parse } from '@bufbuild/cel';
import { celLibrary } from './late-library.ts';
import { isTextTooDeep, isTreeTooDeep } from './nesting.ts';

/** What `parse` returns: the tree and where its nodes stand in the text. */
export type CelSyntax = ReturnType<typeof parse>;

/** A node of the tree. */
export type CelExpr = CelSyntax['expr'];

type Kinds = CelExpr['exprKind'];

/** What a node of one kind holds, e.g. of `callExpr`. */
export type CelNode<C extends Kinds['case']> =
  Extract<Kinds, { case: C }> extends { value: infer V } ? V : never;

/** Longer expressions are refused: a rule of this size belongs in several. */
export const MAX_EXPRESSION_LENGTH = 8192;

/**
 * Parses an expression. The parser wants a line break after a remark, also after the last.
 *
 * @throws Error with the `location` of the fault where the parser knows one; RangeError if nested too deeply.
 */
export const parseExpression = (expression: string): CelSyntax => {
  if (expression.length > MAX_EXPRESSION_LENGTH)
    throw new Error(`longer than ${MAX_EXPRESSION_LENGTH} characters`);
  if (isTextTooDeep(expression)) throw new RangeError('nested too deeply');
  const syntax = celLibrary().parse(`${expression}\n`);
  if (isTreeTooDeep(syntax.expr)) throw new RangeError('nested too deeply');
  return syntax;
};

/** A name in place of `replaced`. */
export const nameNode = (replaced: CelExpr, name: string): CelExpr => ({
  ...replaced,
  exprKind: { case: 'identExpr', value: { $typeName: 'cel.expr.Expr.Ident', name } },
});

/** A call of a function on one argument, in the place of that argument. */
export const callNode = (name: string, argument: CelExpr): CelExpr => ({
  ...argument,
  exprKind: {
    case: 'callExpr',
    value: { $typeName: 'cel.expr.Expr.Call', function: name, args: [argument] },
  },
});

/**
 * The names of a chain of fields, `a.b` and `a['b']` alike, from the first name on; undefined for any other
 * expression. Presence tests (`has`) are no chains.
 */
export const fieldChain = (expr: CelExpr): readonly string[] | undefined => {
  const reversed: string[] = [];
  let current = expr;
  for (;;) {
    const { exprKind } = current;
    if (exprKind.case === 'identExpr') {
      reversed.push(exprKind.value.name);
      return reversed.reverse();
    }
    const step = fieldStep(current);
    if (step === undefined) return undefined;
    reversed.push(step.field);
    current = step.operand;
  }
};

/** A field of something: `x.f` or `x['f']`. */
const fieldStep = ({
  exprKind,
}: CelExpr): { readonly operand: CelExpr; readonly field: string } | undefined => {
  if (exprKind.case === 'selectExpr') {
    const { operand, field, testOnly } = exprKind.value;
    return operand === undefined || testOnly ? undefined : { operand, field };
  }
  if (exprKind.case !== 'callExpr' || exprKind.value.function !== '_[_]') return undefined;
  const [operand, index] = exprKind.value.args;
  if (operand === undefined || index?.exprKind.case !== 'constExpr') return undefined;
  const { constantKind } = index.exprKind.value;
  return constantKind.case === 'stringValue' ? { operand, field: constantKind.value } : undefined;
};

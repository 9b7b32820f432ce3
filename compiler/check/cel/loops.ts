/** `all`, `exists`, `exists_one`, `filter` and `map`, which the parser has already spelt out. */
import type { CelExpr, CelNode } from '../../../policies/cel/expression.ts';
import { BOOL, type CelType, DYN, listOf, STRING, typeName } from '../../../policies/cel/types.ts';
import { expectBool } from './calls.ts';
import { type Inference, operandSpan, type Scope, spanOf } from './inference.ts';
import { typeNotes } from './origin.ts';
import { celProblem } from './problem.ts';
import { present } from './relations.ts';

type Loop = CelNode<'comprehensionExpr'>;

export const typeOfLoop = (inference: Inference, expr: CelExpr, loop: Loop, scope: Scope): CelType => {
  const { iterVar, iterRange, loopStep } = loop;
  const macro = inference.sourceInfo?.macroCalls[String(expr.id)]?.exprKind.value;
  if (iterRange === undefined || loopStep === undefined || macro === undefined || !('function' in macro))
    return DYN;
  const element = elementType(inference, iterRange, scope);
  checkVariable(inference, expr, iterVar);
  const within = new Map(scope).set(iterVar, { type: element, range: iterRange });
  const { condition, value } = partsOf(macro.function, argumentsOf(loopStep));
  if (condition !== undefined) expectBool(inference, condition, within, macro.function);
  switch (macro.function) {
    case 'map':
      return listOf(value === undefined ? DYN : inference.typeOf(value, within));
    case 'filter':
      return listOf(element);
    default:
      return BOOL;
  }
};

const argumentsOf = (expr: CelExpr | undefined): readonly CelExpr[] =>
  expr?.exprKind.case === 'callExpr' ? expr.exprKind.value.args : [];

/**
 * Where the step of a spelt-out loop keeps what was written: `result && condition`, `condition ? … : result`,
 * `result + [value]`, `condition ? result + [value] : result`.
 */
const partsOf = (
  macro: string,
  step: readonly CelExpr[],
): { readonly condition?: CelExpr | undefined; readonly value?: CelExpr | undefined } => {
  switch (macro) {
    case 'all':
    case 'exists':
      return { condition: step[1] };
    case 'map':
      return step.length === 3
        ? { condition: step[0], value: onlyElement(argumentsOf(step[1])[1]) }
        : { value: onlyElement(step[1]) };
    default:
      return { condition: step[0] };
  }
};

const onlyElement = (expr: CelExpr | undefined): CelExpr | undefined =>
  expr?.exprKind.case === 'listExpr' ? expr.exprKind.value.elements[0] : undefined;

/** Elements of a list, keys of a map. */
const elementType = (inference: Inference, range: CelExpr, scope: Scope): CelType => {
  const type = present(inference.typeOf(range, scope));
  switch (type.kind) {
    case 'list':
      return type.element;
    case 'map':
      return type.key;
    case 'object':
      return STRING;
    case 'dyn':
    case 'never':
      return type;
    default: {
      const message = `\`${typeName(type)}\` has no elements`;
      const notes = typeNotes(inference, [[range, type]], scope);
      inference.problems.push(celProblem('type', operandSpan(inference, range), message, [], { notes }));
      return DYN;
    }
  }
};

const checkVariable = (inference: Inference, expr: CelExpr, name: string): void => {
  if (!inference.environment.fields.has(name)) return;
  const from = spanOf(inference, expr).offset;
  const span =
    inference.tokens.find(({ offset, text }) => offset > from && text === name) ?? spanOf(inference, expr);
  const message = `\`${name}\` is an attribute and cannot name an element`;
  inference.problems.push(celProblem('not-allowed', span, message, ['choose another name']));
};

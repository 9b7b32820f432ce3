/** What can be known wrong of a call by the literals in it. */
import { isTimeZone } from '../../../policies/cel/calendar.ts';
import type { CelExpr, CelNode } from '../../../policies/cel/expression.ts';
import { celFunctions } from '../../../policies/cel/functions.ts';
import { celLibrary } from '../../../policies/cel/late-library.ts';
import { patternProblem } from '../../../policies/cel/regex.ts';
import { nearest } from '../../diagnostics/nearest.ts';
import { type CelProblem, type CelSpan, celProblem } from './problem.ts';

/** The text that an expression is. */
export const literalText = ({ exprKind }: CelExpr): string | undefined =>
  exprKind.case === 'constExpr' && exprKind.value.constantKind.case === 'stringValue'
    ? exprKind.value.constantKind.value
    : undefined;

/** A pattern that is not RE2 or no literal, a time zone that does not exist, a computation that always fails. */
export const literalProblem = (
  call: CelNode<'callExpr'>,
  expr: CelExpr,
  spanOf: (expr: CelExpr) => CelSpan,
): CelProblem | undefined => {
  const [argument] = call.args;
  if (call.function === 'matches' && argument !== undefined) return badPattern(argument, spanOf(argument));
  if (/^get[A-Z]/.test(call.function) && argument !== undefined) return badZone(argument, spanOf(argument));
  const operands = call.target === undefined ? call.args : [call.target, ...call.args];
  if (operands.length === 0 || operands.some(({ exprKind }) => exprKind.case !== 'constExpr'))
    return undefined;
  const { isCelError, plan } = celLibrary();
  const outcome = plan(celFunctions().plain, expr)();
  if (!isCelError(outcome)) return undefined;
  return celProblem(
    'type',
    spanOf(isOperator(call) ? expr : (argument ?? expr)),
    `this always fails: ${outcome.message}`,
  );
};

const isOperator = (call: CelNode<'callExpr'>): boolean => /^[-_!]/.test(call.function);

const badPattern = (argument: CelExpr, span: CelSpan): CelProblem | undefined => {
  const pattern = literalText(argument);
  if (pattern === undefined) {
    const help = 'a pattern that a caller can choose could be made costly';
    return celProblem('not-allowed', span, 'the pattern of `matches` must be a literal', [help]);
  }
  const problem = patternProblem(pattern);
  return problem === undefined
    ? undefined
    : celProblem('type', span, problem, ['patterns are in RE2 syntax']);
};

const badZone = (argument: CelExpr, span: CelSpan): CelProblem | undefined => {
  const zone = literalText(argument);
  if (zone === undefined || isTimeZone(zone)) return undefined;
  const meant = nearest(zone, Intl.supportedValuesOf('timeZone'));
  return celProblem('unknown-name', span, `unknown time zone \`${zone}\``, [
    meant && `did you mean \`${meant}\`?`,
  ]);
};

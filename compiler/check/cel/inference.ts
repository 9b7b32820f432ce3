/** What the parts of the type pass share. */
import type { CelEnvironment } from '../../../policies/cel/environment.ts';
import type { CelExpr, CelSyntax } from '../../../policies/cel/expression.ts';
import type { CelType } from '../../../policies/cel/types.ts';
import type { CallTarget } from './call-target.ts';
import type { CelProblem, CelSpan } from './problem.ts';
import type { CelToken } from './tokens.ts';

/** A name that a loop gives to the elements of its range. */
export interface Local {
  readonly type: CelType;
  readonly range: CelExpr;
}

export type Scope = ReadonlyMap<string, Local>;

/** Arguments that are read though calls may lack them, and those that are asked for first. */
export interface ArgumentReads {
  readonly unsure: Map<string, CelSpan & { readonly lacking: readonly CallTarget[] }>;
  readonly guarded: Set<string>;
}

/** The type pass over one expression. Problems are collected; what has one is `dyn` from there on. */
export interface Inference {
  readonly environment: CelEnvironment<never>;
  readonly expression: string;
  readonly sourceInfo: CelSyntax['sourceInfo'];
  readonly tokens: readonly CelToken[];
  readonly problems: CelProblem[];
  /** What is sound, but hardly meant. */
  readonly warnings: CelProblem[];
  /** What the calls may be aimed at; undefined where that is not known. */
  readonly targets: readonly CallTarget[] | undefined;
  readonly reads: ArgumentReads;
  /** The same pass where `condition` is known to be `truth`. */
  where(condition: CelExpr, truth: boolean): Inference;
  typeOf(expr: CelExpr, scope: Scope): CelType;
}

/** Which word a node stands at. */
export const tokenIndexAt = ({ sourceInfo, tokens }: Inference, expr: CelExpr): number => {
  const offset = sourceInfo?.positions[String(expr.id)] ?? 0;
  const index = tokens.findIndex((token) => token.offset >= offset);
  return index === -1 ? tokens.length - 1 : index;
};

/** Where a node is pointed at: a name, a literal, an operator, the name after the dot of a field or method. */
export const spanOf = (inference: Inference, expr: CelExpr): CelSpan => {
  const index = tokenIndexAt(inference, expr);
  const token = inference.tokens[index]!;
  return token.text === '.' ? (inference.tokens[index + 1] ?? token) : token;
};

/** From the first character of a chain of names to the last; any other node as {@link spanOf}. */
export const operandSpan = (inference: Inference, expr: CelExpr): CelSpan => {
  const end = spanOf(inference, expr);
  let root = expr;
  for (;;) {
    if (root.exprKind.case !== 'selectExpr') break;
    const { operand, testOnly } = root.exprKind.value;
    if (operand === undefined || testOnly) break;
    root = operand;
  }
  if (root === expr || root.exprKind.case !== 'identExpr') return end;
  const { offset } = spanOf(inference, root);
  return { offset, length: Math.max(end.offset + end.length - offset, 0) };
};

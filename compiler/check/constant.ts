/** Conditions that are true, or false, whatever the call. */
import type { CelExpr } from '../../policies/cel/expression.ts';
import { parseCel } from './cel/syntax.ts';

const fold = (expr: CelExpr | undefined): boolean | undefined => {
  const kind = expr?.exprKind;
  if (kind?.case === 'constExpr') {
    const { constantKind } = kind.value;
    return constantKind.case === 'boolValue' ? constantKind.value : undefined;
  }
  if (kind?.case !== 'callExpr') return undefined;
  const [first, second] = kind.value.args.map(fold);
  switch (kind.value.function) {
    case '!_':
      return first === undefined ? undefined : !first;
    case '_&&_':
      if (first === false || second === false) return false;
      return first === true && second === true ? true : undefined;
    case '_||_':
      if (first === true || second === true) return true;
      return first === false && second === false ? false : undefined;
    default:
      return undefined;
  }
};

/** What a condition always is, as far as its words alone tell; undefined if it hangs on the call. */
export const constantOf = (expression: string): boolean | undefined => {
  // Parsing costs most of a compile of thousands of rules, and hardly any of them has such a word.
  if (!/true|false/.test(expression)) return undefined;
  const parsed = parseCel(expression);
  return parsed.kind === 'failed' ? undefined : fold(parsed.syntax.expr);
};

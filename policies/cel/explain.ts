/** Why an expression came to its value: the values of its parts, as an assertion library shows those of a test. */
import { TYPE_NAMES } from './attributes.ts';
import { type CelEnvironment, UNKNOWN } from './environment.ts';
import { type CelExpr, type CelSyntax, fieldChain, parseExpression } from './expression.ts';
import { celLibrary } from './late-library.ts';
import { type CelProgram, prepareTree } from './program.ts';
import { type ShownValue, shownValue } from './shown-value.ts';

/** A part of an expression, with what it came to. */
export interface CelPart {
  readonly text: string;
  readonly result: ShownValue;
}

export interface CelExplanation {
  readonly expression: string;
  /** As the policy took it: a value that is no bool is an error. */
  readonly truth: boolean | 'undecided' | 'error';
  /** The whole, where it is no bool. */
  readonly result: ShownValue;
  /** In the order in which they are written, each once; literals are left out. Computed when they are asked for. */
  readonly parts: readonly CelPart[];
}

interface PreparedPart<F> {
  readonly text: string;
  readonly program: CelProgram<F>;
}

/** Longer expressions are for machines: this many parts are told. */
const MAX_PARTS = 40;

/**
 * Explains evaluations of an expression. Its parts are prepared when they are asked for first, so that who never asks
 * pays nothing.
 */
export const celExplainer = <F>(
  expression: string,
  program: CelProgram<F>,
  environment: CelEnvironment<F>,
): ((facts: F) => CelExplanation) => {
  let prepared: readonly PreparedPart<F>[] | undefined;
  return (facts) => {
    const outcome = program.evaluate(facts);
    const known = typeof outcome === 'boolean' ? outcome : 'error';
    return {
      expression,
      truth: outcome === UNKNOWN ? 'undecided' : known,
      result: shownValue(outcome),
      get parts() {
        prepared ??= partsOf(parseExpression(expression), environment);
        return prepared.map((part) => ({ text: part.text, result: shownResult(part, facts) }));
      },
    };
  };
};

/** Names that callers put secrets under; what is read of such a header is not shown. */
const SECRET_HEADER = /authorization|cookie|token|secret|passw|api-?key|credential|signature/i;
const HEADERS = 'request.headers';

const isSecret = ({ text }: { readonly text: string }): boolean =>
  text.startsWith(HEADERS) && (text === HEADERS || SECRET_HEADER.test(text));

const shownResult = <F>(part: PreparedPart<F>, facts: F): ShownValue => {
  const shown = shownValue(part.program.evaluate(facts));
  return shown.kind === 'value' && isSecret(part) ? { kind: 'value', value: '(hidden)' } : shown;
};

const partsOf = <F>(syntax: CelSyntax, environment: CelEnvironment<F>): readonly PreparedPart<F>[] => {
  const found = new Map<string, CelExpr>();
  const note = (expr: CelExpr): void => {
    const text = celLibrary().unparse({ ...syntax, expr });
    if (!found.has(text)) found.set(text, expr);
  };
  const children = attributeChain(syntax.expr) === undefined ? childrenOf(syntax.expr, []) : [];
  for (const child of children) collect(child.expr, child.bound, note);
  return [...found].slice(0, MAX_PARTS).map(([text, expr]) => ({
    text,
    program: prepareTree(expr, environment),
  }));
};

/** Notes every part that has a value of its own. In the body of a loop these are the attributes alone. */
const collect = (expr: CelExpr, bound: readonly string[], note: (expr: CelExpr) => void): void => {
  const chain = attributeChain(expr);
  if (chain !== undefined) {
    const [root = ''] = chain;
    if (!bound.includes(root) && !(chain.length === 1 && TYPE_NAMES.has(root))) note(expr);
    return;
  }
  const { case: kind } = expr.exprKind;
  if (bound.length === 0 && (kind === 'callExpr' || kind === 'selectExpr' || kind === 'comprehensionExpr'))
    note(expr);
  for (const child of childrenOf(expr, bound)) collect(child.expr, child.bound, note);
};

/** Presence tests too: `has(a.b)` reads `a.b`. */
const attributeChain = (expr: CelExpr): readonly string[] | undefined => {
  const { exprKind } = expr;
  if (exprKind.case !== 'selectExpr' || !exprKind.value.testOnly) return fieldChain(expr);
  return exprKind.value.operand && fieldChain(exprKind.value.operand);
};

interface Child {
  readonly expr: CelExpr;
  /** Names that stand for something else than an attribute in it. */
  readonly bound: readonly string[];
}

const childrenOf = ({ exprKind }: CelExpr, bound: readonly string[]): readonly Child[] => {
  const within = (...exprs: readonly (CelExpr | undefined)[]): Child[] =>
    exprs.flatMap((expr) => (expr === undefined ? [] : [{ expr, bound }]));
  switch (exprKind.case) {
    case 'selectExpr':
      return within(exprKind.value.operand);
    case 'callExpr':
      return within(exprKind.value.target, ...exprKind.value.args);
    case 'listExpr':
      return within(...exprKind.value.elements);
    case 'structExpr':
      return within(...exprKind.value.entries.map(({ value }) => value));
    case 'comprehensionExpr': {
      const { iterRange, iterVar, accuVar, loopStep } = exprKind.value;
      const body = loopStep === undefined ? [] : [{ expr: loopStep, bound: [...bound, iterVar, accuVar] }];
      return [...within(iterRange), ...body];
    }
    default:
      return [];
  }
};

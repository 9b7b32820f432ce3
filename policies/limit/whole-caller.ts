/** Ids of callers in keys of limits: equal ones of different identities are counted apart. */
import type { CallFacts } from '../../schema/decision.ts';
import type { CelEnvironment } from '../cel/environment.ts';
import { type CelExpr, fieldChain, nameNode } from '../cel/expression.ts';
import { STRING } from '../cel/types.ts';
import { KEY_ENVIRONMENT } from './key-environment.ts';

/** No expression can be written that names it. */
const WHOLE_CALLER = '@caller';

/** What `withWholeCaller` makes is evaluated in it. */
export const COUNTED_ENVIRONMENT: CelEnvironment<CallFacts> = {
  ...KEY_ENVIRONMENT,
  fields: new Map([
    ...KEY_ENVIRONMENT.fields,
    [WHOLE_CALLER, { type: STRING, read: ({ principal }: CallFacts) => principal.key }],
  ]),
};

/** Functions of which some operands are in the outcome as they are: from which one on. */
const PASSING: ReadonlyMap<string, number> = new Map([
  ['_+_', 0],
  ['_?_:_', 1],
  ['string', 0],
]);

/**
 * Wherever `principal.id` is in what an expression yields, the identity goes with it. What only decides (a condition,
 * a comparison) and what a function makes something else of is left as it is written: a key may count many callers
 * together, whoever vouched for them.
 */
export const withWholeCaller = (expr: CelExpr): CelExpr => {
  if (fieldChain(expr)?.join('.') === 'principal.id') return nameNode(expr, WHOLE_CALLER);
  const { exprKind } = expr;
  if (exprKind.case === 'listExpr') {
    const elements = exprKind.value.elements.map(withWholeCaller);
    return { ...expr, exprKind: { case: 'listExpr', value: { ...exprKind.value, elements } } };
  }
  if (exprKind.case !== 'callExpr' || exprKind.value.target !== undefined) return expr;
  const from = PASSING.get(exprKind.value.function);
  if (from === undefined) return expr;
  const args = exprKind.value.args.map((each, at) => (at < from ? each : withWholeCaller(each)));
  return { ...expr, exprKind: { case: 'callExpr', value: { ...exprKind.value, args } } };
};

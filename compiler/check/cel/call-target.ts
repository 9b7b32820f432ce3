/** What the calls that a rule is for may be aimed at, and what its conditions say of that. */
import { type CelExpr, fieldChain } from '../../../policies/cel/expression.ts';
import { type CelField, type CelType, DYN, isDynamic, objectOf } from '../../../policies/cel/types.ts';
import { literalText } from './literals.ts';
import { joinTypes } from './relations.ts';

/** A tool or prompt that a rule may be asked about. */
export interface CallTarget {
  readonly kind: 'tool' | 'prompt';
  /** As callers see it. */
  readonly name: string;
  readonly server: string;
  readonly upstream: string;
  readonly args: CelType;
}

/** What attributes read as for a target; undefined where one does not apply, so that a condition on it never holds. */
const ATTRIBUTES: ReadonlyMap<string, (target: CallTarget) => string | undefined> = new Map([
  ['call.name', ({ name }) => name],
  ['server.name', ({ server }) => server],
  ['upstream.name', ({ upstream }) => upstream],
  ['tool.name', ({ kind, name }) => (kind === 'tool' ? name : undefined)],
  ['tool.upstream', ({ kind, upstream }) => (kind === 'tool' ? upstream : undefined)],
  ['prompt.name', ({ kind, name }) => (kind === 'prompt' ? name : undefined)],
]);

type Test = (value: string) => boolean;

/** An attribute of the target and what a condition asks of it. */
interface Asked {
  readonly read: (target: CallTarget) => string | undefined;
  readonly test: Test;
}

const askedBy = (condition: CelExpr): Asked | undefined => {
  if (condition.exprKind.case !== 'callExpr') return undefined;
  const { function: name, args, target } = condition.exprKind.value;
  const [left, right] = args;
  if (target !== undefined) {
    const text = left && literalText(left);
    return name === 'startsWith' && text !== undefined
      ? asked(target, (value) => value.startsWith(text))
      : undefined;
  }
  if (left === undefined || right === undefined) return undefined;
  const isOrdered = literalText(right) !== undefined;
  const [attribute, text] = isOrdered ? [left, literalText(right)] : [right, literalText(left)];
  if (name === '_==_' && text !== undefined) return asked(attribute, (value) => value === text);
  if (name === '_!=_' && text !== undefined) return asked(attribute, (value) => value !== text);
  if (name !== '@in' || right.exprKind.case !== 'listExpr') return undefined;
  const texts = right.exprKind.value.elements.map(literalText);
  return texts.includes(undefined) ? undefined : asked(left, (value) => texts.includes(value));
};

const asked = (attribute: CelExpr, test: Test): Asked | undefined => {
  const read = ATTRIBUTES.get(fieldChain(attribute)?.join('.') ?? '');
  return read && { read, test };
};

/** Those of which `condition` may be `truth`. */
export const targetsWhere = (
  targets: readonly CallTarget[],
  condition: CelExpr,
  truth: boolean,
): readonly CallTarget[] => {
  const { exprKind } = condition;
  if (exprKind.case === 'callExpr') {
    const { function: name, args } = exprKind.value;
    if (name === '!_') return targetsWhere(targets, args[0]!, !truth);
    if (name === (truth ? '_&&_' : '_||_'))
      return args.reduce((left, operand) => targetsWhere(left, operand, truth), targets);
    if (name === (truth ? '_||_' : '_&&_')) {
      const each = args.map((operand) => targetsWhere(targets, operand, truth));
      return targets.filter((target) => each.some((some) => some.includes(target)));
    }
  }
  const question = askedBy(condition);
  if (question === undefined) return targets;
  return targets.filter((target) => {
    const value = question.read(target);
    return value !== undefined && question.test(value) === truth;
  });
};

/** The arguments of calls of any of them: what one of them has, of the type that they agree on. */
export const argumentsOf = (targets: readonly CallTarget[]): CelType => {
  const fields = new Map<string, CelField>();
  if (targets.length === 0) return DYN;
  for (const { args } of targets) if (args.kind !== 'object' || args.isOpen) return DYN;
  const each = targets.flatMap(({ args }) => (args.kind === 'object' ? [args.fields] : []));
  for (const name of new Set(each.flatMap((own) => [...own.keys()]))) {
    const found = each.flatMap((own) => own.get(name) ?? []);
    const type = joinTypes(found.map((field) => field.type));
    const isRequired = found.length === each.length && found.every((field) => field.isRequired);
    fields.set(name, { type: isDynamic(type) ? DYN : type, isRequired });
  }
  return objectOf(fields, false);
};

/** Calls of functions and operators. */
import { type CelExpr, type CelNode, fieldChain } from '../../../policies/cel/expression.ts';
import {
  BOOL,
  type CelType,
  DYN,
  isDynamic,
  listOf,
  NEVER,
  typeName,
  typeOf,
} from '../../../policies/cel/types.ts';
import { nearest } from '../../diagnostics/nearest.ts';
import { noteContradiction } from './contradiction.ts';
import { textOf } from './extent.ts';
import { type CelSignature, FUNCTION_ALIASES, FUNCTIONS, OPERATORS } from './functions.ts';
import { type Inference, operandSpan, type Scope, spanOf } from './inference.ts';
import { literalProblem, literalText } from './literals.ts';
import { mendedContains, mendedEquality, mendedLiteral, mendedOperands, mendedPresence } from './mend.ts';
import { typeOfIndex } from './names.ts';
import { typeNotes } from './origin.ts';
import { celProblem, guess } from './problem.ts';
import { areComparable, entriesOf, isAssignable, joinTypes, present } from './relations.ts';
import { noteComparedAddress, noteListedAddress } from './whole-address.ts';

type Call = CelNode<'callExpr'>;

/** Loops as they are written; what is left of them in a tree was not written as one. */
const LOOPS: ReadonlySet<string> = new Set(['all', 'exists', 'exists_one', 'existsOne', 'filter', 'map']);

export const typeOfCall = (inference: Inference, expr: CelExpr, call: Call, scope: Scope): CelType => {
  const [left, right] = call.args;
  switch (call.function) {
    case '_&&_':
    case '_||_':
      expectBools(inference, expr, call, scope);
      noteContradiction(inference, expr, call.function);
      return BOOL;
    case '_?_:_':
      return typeOfChoice(inference, expr, call.args, scope);
    case '_[_]':
      return typeOfIndex(inference, left!, right!, scope);
    case '_==_':
    case '_!=_':
      return typeOfEquality(inference, expr, left!, right!, scope);
    case '@in':
      return typeOfIn(inference, expr, left!, right!, scope);
    default:
      return OPERATORS.has(call.function)
        ? typeOfOperator(inference, expr, call, scope)
        : typeOfFunction(inference, expr, call, scope);
  }
};

/** In `a && b` each side counts only where the other holds, in `a || b` only where it does not. */
const expectBools = (inference: Inference, expr: CelExpr, call: Call, scope: Scope): void => {
  const within = inference.where(expr, call.function === '_&&_');
  for (const operand of call.args) expectBool(within, operand, scope, call.function.slice(1, -1));
};

/** Reports an operand that is no condition. */
export const expectBool = (inference: Inference, operand: CelExpr, scope: Scope, where: string): void => {
  const type = inference.typeOf(operand, scope);
  if (isAssignable(type, BOOL)) return;
  const message = `\`${where}\` takes \`bool\`, not \`${typeName(type)}\``;
  const help = conditionHelp(inference, operand, type);
  const notes = typeNotes(inference, [[operand, type]], scope);
  inference.problems.push(celProblem('type', operandSpan(inference, operand), message, [help], { notes }));
};

/** A list or a text where a condition is due: what may have been meant. */
const conditionHelp = (inference: Inference, operand: CelExpr, type: CelType): string | undefined => {
  const text = textOf(inference, operand);
  if (type.kind === 'list') return `whether it has elements is asked by \`size(${text}) > 0\``;
  return type.kind === 'string' ? `whether it is empty is asked by \`${text} != ''\`` : undefined;
};

const meantFunction = (name: string): string | undefined =>
  Object.hasOwn(FUNCTION_ALIASES, name)
    ? FUNCTION_ALIASES[name]
    : nearest(name, [...FUNCTIONS.keys(), ...LOOPS, 'has']);

/** What can be called on a value of a type. */
const functionHelp = (target: CelType | undefined): string | undefined => {
  if (target === undefined || isDynamic(target)) return undefined;
  const names = [...FUNCTIONS].flatMap(([name, signatures]) =>
    signatures.some((signature) => signature.target && isAssignable(target, signature.target)) ? [name] : [],
  );
  return `\`${typeName(target)}\` has ${names.map((name) => `\`${name}\``).join(', ') || 'no functions'}`;
};

const typeOfChoice = (
  inference: Inference,
  expr: CelExpr,
  args: readonly CelExpr[],
  scope: Scope,
): CelType => {
  const [condition, whenTrue, whenFalse] = args;
  expectBool(inference, condition!, scope, '?');
  const types = [
    inference.where(condition!, true).typeOf(whenTrue!, scope),
    inference.where(condition!, false).typeOf(whenFalse!, scope),
  ] as const;
  if (!isAssignable(types[0], types[1]) && !isAssignable(types[1], types[0])) {
    const message = `\`?\` chooses between values of one type, not \`${typeName(types[0])}\` and \`${typeName(types[1])}\``;
    inference.problems.push(celProblem('type', operandSpan(inference, whenFalse ?? expr), message));
  }
  return joinTypes(types);
};

const typeOfEquality = (
  inference: Inference,
  expr: CelExpr,
  left: CelExpr,
  right: CelExpr,
  scope: Scope,
): CelType => {
  const [a, b] = [inference.typeOf(left, scope), inference.typeOf(right, scope)];
  noteComparedAddress(inference, left, right);
  if (areComparable(a, b)) return BOOL;
  const message = `\`${typeName(a)}\` is never equal to \`${typeName(b)}\``;
  const mended = mendedEquality(inference, expr, [left, a], [right, b]);
  const notes = typeNotes(
    inference,
    [
      [left, a],
      [right, b],
    ],
    scope,
  );
  inference.problems.push(
    celProblem('type', spanOf(inference, expr), message, [mended?.help], { notes, fix: mended?.fix }),
  );
  return BOOL;
};

const typeOfIn = (
  inference: Inference,
  expr: CelExpr,
  element: CelExpr,
  range: CelExpr,
  scope: Scope,
): CelType => {
  const [a, b] = [inference.typeOf(element, scope), present(inference.typeOf(range, scope))];
  noteMembership(inference, element, range);
  noteListedAddress(inference, element, range);
  if (isDynamic(b)) return BOOL;
  const span = spanOf(inference, expr);
  const wanted = b.kind === 'list' ? b.element : entriesOf(b)?.key;
  if (wanted === undefined) {
    const mended = b.kind === 'string' ? mendedContains(inference, expr, element, range) : undefined;
    const notes = typeNotes(inference, [[range, b]], scope);
    const message = `\`in\` takes a list or a map, not \`${typeName(b)}\``;
    inference.problems.push(celProblem('type', span, message, [mended?.help], { notes, fix: mended?.fix }));
    return BOOL;
  }
  if (!areComparable(a, wanted)) {
    const mended = mendedLiteral(inference, [element, a], wanted);
    const notes = typeNotes(
      inference,
      [
        [element, a],
        [range, b],
      ],
      scope,
    );
    const message = `\`${typeName(a)}\` is never in \`${typeName(b)}\``;
    inference.problems.push(celProblem('type', span, message, [mended?.help], { notes, fix: mended?.fix }));
  }
  return BOOL;
};

/** `'path' in args` asks as `has(args.path)` does. */
const noteMembership = ({ reads }: Inference, element: CelExpr, range: CelExpr): void => {
  const field = literalText(element);
  if (field !== undefined && fieldChain(range)?.join('.') === 'args') reads.guarded.add(field);
};

const typeOfOperator = (inference: Inference, expr: CelExpr, call: Call, scope: Scope): CelType => {
  const types = call.args.map((operand) => inference.typeOf(operand, scope));
  if (call.function === '_+_' && types.every((type) => type.kind === 'list' || isDynamic(type))) {
    if (types.some(({ kind }) => kind === 'list')) return joinTypes(types.map(asList));
  }
  const fitting = OPERATORS.get(call.function)!.filter((signature) => takes(signature, types));
  if (fitting.length === 0) {
    const operator = call.function.replaceAll('_', '');
    const operands = types.map((type) => `\`${typeName(type)}\``).join(' and ');
    const message = `\`${operator}\` does not take ${operands}`;
    const parts = call.args.map((operand, index) => [operand, types[index]!] as const);
    const mended = mendedOperands(inference, parts);
    const notes = typeNotes(inference, parts, scope);
    inference.problems.push(
      celProblem('type', spanOf(inference, expr), message, [mended?.help], { notes, fix: mended?.fix }),
    );
    return DYN;
  }
  reportLiteralProblem(inference, expr, call);
  return resultOf(fitting);
};

const asList = (type: CelType): CelType =>
  type.kind === 'list' ? type : listOf(type.kind === 'never' ? NEVER : DYN);

const typeOfFunction = (inference: Inference, expr: CelExpr, call: Call, scope: Scope): CelType => {
  const { problems } = inference;
  const span = spanOf(inference, expr);
  const shape = misusedMacro(call);
  if (shape !== undefined) {
    const fix = mendedPresence(inference, expr, call);
    const help = fix && `did you mean \`${fix.text}\`?`;
    problems.push(
      celProblem('function', span, `\`${call.function}\` is written \`${shape}\``, [help], { fix }),
    );
    return DYN;
  }
  const signatures = FUNCTIONS.get(call.function);
  const target = call.target && inference.typeOf(call.target, scope);
  if (signatures === undefined) {
    const meant = meantFunction(call.function);
    const help = meant === undefined ? functionHelp(target) : `did you mean \`${meant}\`?`;
    const fix = meant === undefined ? undefined : guess(span, meant);
    problems.push(celProblem('function', span, `unknown function \`${call.function}\``, [help], { fix }));
    return DYN;
  }
  const types = call.args.map((argument) => inference.typeOf(argument, scope));
  const styled = signatures.filter(
    (signature) => (signature.target === undefined) === (target === undefined),
  );
  if (styled.length === 0) {
    const usage = target === undefined ? `value.${call.function}(…)` : `${call.function}(value)`;
    problems.push(celProblem('function', span, `\`${call.function}\` is called as \`${usage}\``));
    return DYN;
  }
  const counted = styled.filter(({ params }) => params.length === types.length);
  if (counted.length === 0) {
    const counts = [...new Set(styled.map(({ params }) => params.length))].join(' or ');
    const message = `\`${call.function}\` takes ${counts} ${counts === '1' ? 'argument' : 'arguments'}, not ${types.length}`;
    problems.push(celProblem('function', span, message, [signatureHelp(call.function, styled)]));
    return DYN;
  }
  const fitting = counted.filter((signature) => takes(signature, types, target));
  if (fitting.length === 0) {
    const given = `${target === undefined ? '' : `${typeName(target)}.`}${call.function}(${types.map(typeName).join(', ')})`;
    const message = `there is no \`${given}\``;
    const parts = call.args.map((argument, index) => [argument, types[index]!] as const);
    const notes = typeNotes(
      inference,
      call.target === undefined || target === undefined ? parts : [[call.target, target], ...parts],
      scope,
    );
    problems.push(celProblem('type', span, message, [signatureHelp(call.function, counted)], { notes }));
    return DYN;
  }
  reportLiteralProblem(inference, expr, call);
  return call.function === 'type' ? typeOf(types[0]!) : resultOf(fitting);
};

const takes = (
  signature: CelSignature,
  types: readonly CelType[],
  target: CelType | undefined = undefined,
): boolean =>
  (target === undefined || isAssignable(target, signature.target ?? DYN)) &&
  signature.params.every((param, index) => isAssignable(types[index] ?? DYN, param));

const resultOf = (signatures: readonly CelSignature[]): CelType =>
  joinTypes(signatures.map(({ result }) => result));

const misusedMacro = (call: Call): string | undefined => {
  if (call.function === 'has') return 'has(value.field)';
  if (!LOOPS.has(call.function)) return undefined;
  const yields = call.function === 'map' ? 'value of element' : 'condition on element';
  return `list.${call.function}(element, ${yields})`;
};

const signatureHelp = (name: string, signatures: readonly CelSignature[]): string => {
  const shown = signatures.slice(0, 6).map(({ target, params }) => {
    const before = target === undefined ? '' : `${typeName(target)}.`;
    return `\`${before}${name}(${params.map(typeName).join(', ')})\``;
  });
  return `it is called as ${shown.join(', ')}`;
};

const reportLiteralProblem = (inference: Inference, expr: CelExpr, call: Call): void => {
  const problem = literalProblem(call, expr, (node) => spanOf(inference, node));
  if (problem !== undefined) inference.problems.push(problem);
};

/**
 * Types expressions when the configuration is compiled, so that a misspelt name or a wrong type is told at its
 * place and not met by a call. The parser is @bufbuild/cel's; names, fields and types are checked here.
 */
import {
  CALL_ENVIRONMENT,
  type CelEnvironment,
  CLAIMS_ENVIRONMENT,
  RESPONSE_ENVIRONMENT,
} from '../../../policies/cel/environment.ts';
import type { CelExpr, CelNode } from '../../../policies/cel/expression.ts';
import {
  BOOL,
  BYTES,
  type CelType,
  DOUBLE,
  DYN,
  INT,
  listOf,
  mapOf,
  NEVER,
  NULL,
  STRING,
  typeName,
  UINT,
} from '../../../policies/cel/types.ts';
import { KEY_ENVIRONMENT } from '../../../policies/limit/key-environment.ts';
import type { CelEnvironment as CelEnvironmentName, CelResult } from '../../../schema/config/value.ts';
import { unguardedReads, withArguments } from './arguments.ts';
import { type CallTarget, targetsWhere } from './call-target.ts';
import { typeOfCall } from './calls.ts';
import { type Inference, type Scope, spanOf } from './inference.ts';
import { keyProblems } from './key.ts';
import { typeOfLoop } from './loops.ts';
import { typeOfField, typeOfName } from './names.ts';
import { type CelProblem, celProblem } from './problem.ts';
import { isAssignable, joinTypes } from './relations.ts';
import { isKnownSound, rememberSound } from './sound.ts';
import { parseCel, tooDeep } from './syntax.ts';
import { type CelToken, celTokens, wholeSpan } from './tokens.ts';

const ENVIRONMENTS: Readonly<Record<CelEnvironmentName, CelEnvironment<never>>> = {
  call: CALL_ENVIRONMENT,
  claims: CLAIMS_ENVIRONMENT,
  response: RESPONSE_ENVIRONMENT,
};

const environmentOf = (name: CelEnvironmentName, result: CelResult): CelEnvironment<never> =>
  name === 'call' && result === 'any' ? KEY_ENVIRONMENT : ENVIRONMENTS[name];

const NO_NAMES: Scope = new Map();

/**
 * All problems of an expression in the order of their places; none if it can be prepared and yields `result`.
 * `any` is the result of a limit's key: a text, number, bool or list of them, that hangs neither on arguments
 * nor on what is new with each call.
 */
export const checkCel = (
  expression: string,
  environment: CelEnvironmentName | CelEnvironment<never>,
  result: CelResult,
  targets?: readonly CallTarget[],
): readonly CelProblem[] => {
  const names = typeof environment === 'string' ? environmentOf(environment, result) : environment;
  if (targets === undefined && isKnownSound(names, expression, result)) return [];
  const { type, problems, warnings, tokens } = inferCel(expression, names, targets);
  const found = [...problems];
  if (result === 'any') found.push(...keyProblems(tokens));
  if (found.length === 0) found.push(...resultProblems(expression, type, result));
  if (found.length === 0) found.push(...warnings);
  if (found.length === 0 && targets === undefined) rememberSound(names, expression, result);
  return found.sort((a, b) => a.offset - b.offset);
};

/** What an expression yields, and what is wrong with it whatever is wanted of it. */
export interface CelInference {
  /** `dyn` where there are problems. */
  readonly type: CelType;
  readonly problems: readonly CelProblem[];
  /** What is sound, but hardly meant. */
  readonly warnings: readonly CelProblem[];
  readonly tokens: readonly CelToken[];
}

const inferenceOver = (
  shared: Omit<Inference, 'environment' | 'targets' | 'typeOf' | 'where'>,
  environment: CelEnvironment<never>,
  targets: readonly CallTarget[] | undefined,
): Inference => {
  const inference: Inference = {
    ...shared,
    environment,
    targets,
    typeOf: (node, scope) => typeOf(inference, node, scope),
    where(condition, truth) {
      const left = targets && targetsWhere(targets, condition, truth);
      if (left === undefined || left.length === targets?.length) return inference;
      return inferenceOver(shared, withArguments(environment, left), left);
    },
  };
  return inference;
};

/** Types an expression over an environment; `targets` are what the calls that it is asked about may be aimed at. */
export const inferCel = (
  expression: string,
  environment: CelEnvironment<never>,
  targets?: readonly CallTarget[],
): CelInference => {
  const parsed = parseCel(expression);
  if (parsed.kind === 'failed') return { type: DYN, problems: [parsed.problem], warnings: [], tokens: [] };
  const tokens = celTokens(expression);
  const inference = inferenceOver(
    {
      expression,
      sourceInfo: parsed.syntax.sourceInfo,
      tokens,
      problems: [],
      warnings: [],
      reads: { unsure: new Map(), guarded: new Set() },
    },
    targets === undefined ? environment : withArguments(environment, targets),
    targets,
  );
  try {
    const type = inference.typeOf(parsed.syntax.expr, NO_NAMES);
    return {
      type,
      problems: inference.problems,
      warnings: [...inference.warnings, ...unguardedReads(inference.reads)],
      tokens,
    };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { type: DYN, problems: [tooDeep(expression)], warnings: [], tokens: [] };
  }
};

const typeOf = (inference: Inference, expr: CelExpr, scope: Scope): CelType => {
  const { exprKind } = expr;
  switch (exprKind.case) {
    case 'constExpr':
      return typeOfLiteral(inference, expr, exprKind.value.constantKind);
    case 'identExpr':
      return typeOfName(inference, expr, exprKind.value.name, scope);
    case 'selectExpr':
      return typeOfField(inference, expr, exprKind.value, scope);
    case 'callExpr':
      return typeOfCall(inference, expr, exprKind.value, scope);
    case 'listExpr':
      return typeOfList(exprKind.value.elements.map((element) => inference.typeOf(element, scope)));
    case 'structExpr':
      return typeOfMap(inference, expr, exprKind.value, scope);
    case 'comprehensionExpr':
      return typeOfLoop(inference, expr, exprKind.value, scope);
    default:
      return DYN;
  }
};

const typeOfList = (elements: readonly CelType[]): CelType =>
  listOf(elements.length === 0 ? NEVER : joinTypes(elements));

const MAX_INT = 2n ** 63n - 1n;
const MAX_UINT = 2n ** 64n - 1n;

const typeOfLiteral = (
  inference: Inference,
  expr: CelExpr,
  literal: CelNode<'constExpr'>['constantKind'],
): CelType => {
  const outOfRange = (name: string) =>
    inference.problems.push(
      celProblem('type', spanOf(inference, expr), `the number does not fit \`${name}\``),
    );
  switch (literal.case) {
    case 'boolValue':
      return BOOL;
    case 'int64Value':
      if (literal.value > MAX_INT || literal.value < -MAX_INT - 1n) outOfRange('int');
      return INT;
    case 'uint64Value':
      if (literal.value > MAX_UINT) outOfRange('uint');
      return UINT;
    case 'doubleValue':
      return DOUBLE;
    case 'stringValue':
      return STRING;
    case 'bytesValue':
      return BYTES;
    case 'nullValue':
      return NULL;
    default:
      return DYN;
  }
};

const MAP_KEYS: readonly CelType[] = [BOOL, INT, UINT, STRING];

const typeOfMap = (
  inference: Inference,
  expr: CelExpr,
  map: CelNode<'structExpr'>,
  scope: Scope,
): CelType => {
  if (map.messageName !== '') {
    const message = `messages such as \`${map.messageName}\` cannot be made here`;
    inference.problems.push(celProblem('not-allowed', spanOf(inference, expr), message));
    return DYN;
  }
  const keys: CelType[] = [];
  const values: CelType[] = [];
  const seen = new Set<string>();
  for (const { keyKind, value } of map.entries) {
    if (keyKind.case !== 'mapKey' || value === undefined) continue;
    const key = inference.typeOf(keyKind.value, scope);
    if (!MAP_KEYS.some((wanted) => isAssignable(key, wanted))) {
      const message = `\`${typeName(key)}\` cannot be a key of a map`;
      inference.problems.push(celProblem('type', spanOf(inference, keyKind.value), message));
    }
    const text = literalKey(keyKind.value);
    if (text !== undefined && seen.has(text)) {
      const message = 'the key is given twice';
      inference.problems.push(celProblem('type', spanOf(inference, keyKind.value), message));
    } else if (text !== undefined) seen.add(text);
    keys.push(key);
    values.push(inference.typeOf(value, scope));
  }
  if (keys.length === 0) return mapOf(NEVER, NEVER);
  return mapOf(joinTypes(keys), joinTypes(values));
};

/** A literal key as text, the same for numbers that are equal. */
const literalKey = ({ exprKind }: CelExpr): string | undefined => {
  if (exprKind.case !== 'constExpr') return undefined;
  const { case: kind, value } = exprKind.value.constantKind;
  return kind === 'stringValue' || kind === 'boolValue' || kind === 'int64Value' || kind === 'uint64Value'
    ? JSON.stringify([typeof value === 'bigint' ? 'number' : kind, String(value)])
    : undefined;
};

const WANTED: Readonly<Record<CelResult, readonly CelType[]>> = {
  bool: [BOOL],
  string: [STRING],
  'list(string)': [listOf(STRING)],
  any: [STRING, INT, UINT, DOUBLE, BOOL, listOf(STRING), listOf(INT), listOf(BOOL)],
};

const resultProblems = (expression: string, type: CelType, result: CelResult): CelProblem[] => {
  if (WANTED[result].some((wanted) => isAssignable(type, wanted))) return [];
  const wanted = result === 'any' ? 'a text, a number or a bool' : `\`${result}\``;
  const message = `the expression yields \`${typeName(type)}\` where ${wanted} is wanted`;
  const help =
    result === 'list(string)' && isAssignable(type, STRING)
      ? 'a list of one is written `[value]`'
      : undefined;
  return [celProblem('result', wholeSpan(expression), message, [help])];
};

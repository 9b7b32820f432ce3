/** Names, fields and indexes. */
import { TYPE_NAMES } from '../../../policies/cel/attributes.ts';
import { type CelAttribute, type CelGroup, findAttribute } from '../../../policies/cel/environment.ts';
import { type CelExpr, type CelNode, fieldChain } from '../../../policies/cel/expression.ts';
import {
  BOOL,
  type CelType,
  DYN,
  INT,
  isDynamic,
  listOf,
  mapOf,
  NULL,
  STRING,
  typeName,
  typeOf,
} from '../../../policies/cel/types.ts';
import { nearest } from '../../diagnostics/nearest.ts';
import { type Inference, operandSpan, type Scope, spanOf } from './inference.ts';
import { literalText } from './literals.ts';
import { typeNotes } from './origin.ts';
import { type CelSpan, celProblem, guess } from './problem.ts';
import { typeOfProperty } from './property.ts';
import { areComparable, isAssignable, isNumeric, present } from './relations.ts';

type Entry = CelAttribute<never> | CelGroup<never>;

/** The group that an expression names, such as `tool` in `tool.name`. */
const groupOf = (inference: Inference, expr: CelExpr, scope: Scope): CelGroup<never> | undefined => {
  const chain = expr.exprKind.case === 'callExpr' ? undefined : fieldChain(expr);
  if (chain === undefined || scope.has(chain[0]!)) return undefined;
  const entry: Entry | undefined = findAttribute(inference.environment, chain);
  return entry !== undefined && 'fields' in entry ? entry : undefined;
};

const quoted = (names: Iterable<string>): string => [...names].map((name) => `\`${name}\``).join(', ');

export const typeOfName = (inference: Inference, expr: CelExpr, name: string, scope: Scope): CelType => {
  const local = scope.get(name);
  if (local !== undefined) return local.type;
  const { environment, problems } = inference;
  const entry = environment.fields.get(name);
  if (entry !== undefined && !('fields' in entry)) return entry.type;
  if (entry === undefined && TYPE_NAMES.has(name)) return typeNamed(name);
  const span = spanOf(inference, expr);
  if (entry !== undefined) {
    const fields = quoted(entry.fields.keys());
    problems.push(
      celProblem('type', span, `\`${name}\` has no value of its own`, [`name one of its fields: ${fields}`]),
    );
    return DYN;
  }
  const { help, meant } = meantByName(inference, name, scope);
  const fix = meant === undefined ? undefined : guess(span, meant);
  problems.push(celProblem('unknown-name', span, `unknown name \`${name}\``, [help], { fix }));
  return DYN;
};

const NAMED_TYPES: Readonly<Record<string, CelType>> = {
  list: listOf(DYN),
  map: mapOf(DYN, DYN),
  null_type: NULL,
  type: { kind: 'type' },
};

const typeNamed = (name: string): CelType => typeOf(NAMED_TYPES[name] ?? ({ kind: name } as CelType));

/** What other gateways and policy languages call what is there. */
const ALIASES: Readonly<Record<string, string>> = {
  user: 'principal',
  subject: 'principal',
  caller: 'principal',
  identity: 'principal.identity',
  jwt: 'principal.claims',
  token: 'principal.claims',
  mcp: 'call',
  source: 'client',
  arguments: 'args',
  params: 'args',
  input: 'args',
  time: 'now',
  headers: 'request.headers',
};

interface Meant {
  readonly help: string;
  readonly meant?: string;
}

const meantByName = ({ environment }: Inference, name: string, scope: Scope): Meant => {
  if (name === 'result') return { help: 'a result is known to response guards only' };
  const known = [...scope.keys(), ...environment.fields.keys()];
  const inGroup = [...environment.fields].find(([, entry]) => 'fields' in entry && entry.fields.has(name));
  const alias = Object.hasOwn(ALIASES, name) ? ALIASES[name] : undefined;
  const isKnown = alias !== undefined && environment.fields.has(alias.split('.')[0]!);
  const meant = inGroup ? `${inGroup[0]}.${name}` : isKnown ? alias : nearest(name, known);
  if (meant === undefined) return { help: `known names: ${quoted(known)}` };
  return { help: `did you mean \`${meant}\`?`, meant };
};

/** `operand.field`, or, with `testOnly`, `has(operand.field)`. */
export const typeOfField = (
  inference: Inference,
  expr: CelExpr,
  { operand, field, testOnly }: CelNode<'selectExpr'>,
  scope: Scope,
): CelType => {
  if (operand === undefined) return DYN;
  const group = groupOf(inference, operand, scope);
  const type =
    group === undefined
      ? typeOfMember(inference, expr, operand, field, scope)
      : typeInGroup(inference, expr, operand, group, field, testOnly);
  return testOnly ? BOOL : type;
};

const typeInGroup = (
  inference: Inference,
  expr: CelExpr,
  operand: CelExpr,
  group: CelGroup<never>,
  field: string,
  testOnly: boolean,
): CelType => {
  const entry = group.fields.get(field);
  const path = fieldChain(operand)!.join('.');
  const span = fieldSpan(inference, expr);
  if (entry === undefined) {
    const meant = nearest(field, group.fields.keys());
    const help =
      meant === undefined ? `its fields: ${quoted(group.fields.keys())}` : `did you mean \`${meant}\`?`;
    const told = meant === undefined ? [help] : [help, `its fields: ${quoted(group.fields.keys())}`];
    const fix = meant === undefined ? undefined : guess(span, meant);
    inference.problems.push(
      celProblem('unknown-field', span, `\`${path}\` has no field \`${field}\``, told, { fix }),
    );
    return DYN;
  }
  if (!('fields' in entry)) return entry.type;
  if (!testOnly) {
    const help = `name one of its fields: ${quoted(entry.fields.keys())}`;
    inference.problems.push(celProblem('type', span, `\`${path}.${field}\` has no value of its own`, [help]));
  }
  return DYN;
};

/** In `has(a.b)` the node stands at `has`; the field is the last name of its argument. */
const fieldSpan = (inference: Inference, expr: CelExpr): CelSpan => {
  if (expr.exprKind.case !== 'selectExpr') return spanOf(inference, expr);
  const { field, operand, testOnly } = expr.exprKind.value;
  if (!testOnly || operand === undefined) return spanOf(inference, expr);
  const before = spanOf(inference, operand);
  return (
    inference.tokens.find(({ offset, text }) => offset > before.offset && text === field) ??
    spanOf(inference, expr)
  );
};

const typeOfMember = (
  inference: Inference,
  expr: CelExpr,
  operand: CelExpr,
  field: string,
  scope: Scope,
): CelType => {
  const type = present(inference.typeOf(operand, scope));
  if (isDynamic(type)) return DYN;
  if (type.kind === 'object') {
    const isTest = expr.exprKind.case === 'selectExpr' && expr.exprKind.value.testOnly;
    return typeOfProperty(inference, type, operand, field, { span: fieldSpan(inference, expr), isTest });
  }
  if (type.kind === 'map' && isAssignable({ kind: 'string' }, type.key)) {
    checkHeaderName(inference, expr, operand, field);
    return type.value;
  }
  const message = `\`${typeName(type)}\` has no fields`;
  const notes = typeNotes(inference, [[operand, type]], scope);
  inference.problems.push(celProblem('type', spanOf(inference, expr), message, [], { notes }));
  return DYN;
};

const checkHeaderName = (inference: Inference, expr: CelExpr, operand: CelExpr, name: string): void => {
  if (name === name.toLowerCase() || fieldChain(operand)?.join('.') !== 'request.headers') return;
  const message = `no header is called \`${name}\`: names of headers are in lower case`;
  const meant = name.toLowerCase();
  const span = spanOf(inference, expr);
  const text = inference.expression.slice(span.offset, span.offset + span.length);
  const fix = { span, text: text.replace(name, meant), applicability: 'always' as const };
  inference.problems.push(
    celProblem('unknown-field', span, message, [`did you mean \`${meant}\`?`], { fix }),
  );
};

/** `operand[index]`. */
export const typeOfIndex = (
  inference: Inference,
  operand: CelExpr,
  index: CelExpr,
  scope: Scope,
): CelType => {
  if (groupOf(inference, operand, scope) !== undefined) {
    const message = `fields of \`${fieldChain(operand)!.join('.')}\` are named with a dot`;
    inference.problems.push(celProblem('type', operandSpan(inference, operand), message));
    return DYN;
  }
  const type = present(inference.typeOf(operand, scope));
  const indexType = inference.typeOf(index, scope);
  const wrongIndex = (wanted: CelType) => {
    const message = `\`${typeName(type)}\` is indexed by \`${typeName(wanted)}\`, not by \`${typeName(indexType)}\``;
    const notes = typeNotes(
      inference,
      [
        [operand, type],
        [index, indexType],
      ],
      scope,
    );
    inference.problems.push(celProblem('type', operandSpan(inference, index), message, [], { notes }));
  };
  switch (type.kind) {
    case 'dyn':
    case 'never':
      return DYN;
    case 'list':
      if (!isNumeric(indexType) && !isDynamic(indexType)) wrongIndex(INT);
      return type.element.kind === 'never' ? DYN : type.element;
    case 'object': {
      const field = literalText(index);
      if (field !== undefined)
        return typeOfProperty(inference, type, operand, field, {
          span: spanOf(inference, index),
          isTest: false,
        });
      if (!isAssignable(indexType, STRING)) wrongIndex(STRING);
      return DYN;
    }
    case 'map': {
      if (!areComparable(indexType, type.key)) wrongIndex(type.key);
      const field = literalText(index);
      if (field !== undefined) checkHeaderName(inference, index, operand, field);
      return type.value;
    }
    default: {
      const message = `\`${typeName(type)}\` has no elements`;
      inference.problems.push(celProblem('type', operandSpan(inference, operand), message));
      return DYN;
    }
  }
};

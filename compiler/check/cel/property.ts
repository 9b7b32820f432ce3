/** Keys that an object declares. */
import { type CelExpr, fieldChain } from '../../../policies/cel/expression.ts';
import { type CelObjectType, type CelType, DYN } from '../../../policies/cel/types.ts';
import { nearest } from '../../diagnostics/nearest.ts';
import { argumentNotes, noteRead } from './arguments.ts';
import type { Inference } from './inference.ts';
import { type CelSpan, celProblem, guess } from './problem.ts';

const helpFor = (meant: string | undefined, fields: readonly string[]): string => {
  if (meant !== undefined) return `did you mean \`${meant}\`?`;
  if (fields.length === 0) return 'it has none';
  return `its fields: ${fields.map((name) => `\`${name}\``).join(', ')}`;
};

/** `operand.field`, `operand['field']`, or, as a test, `has(operand.field)`. */
export const typeOfProperty = (
  inference: Inference,
  type: CelObjectType,
  operand: CelExpr,
  field: string,
  { span, isTest }: { readonly span: CelSpan; readonly isTest: boolean },
): CelType => {
  const owner = fieldChain(operand)?.join('.') ?? '';
  const isArgument = owner === 'args' && inference.targets !== undefined;
  const declared = type.fields.get(field);
  if (declared !== undefined) {
    if (isArgument) noteRead(inference, type, field, span, isTest);
    return declared.type;
  }
  if (type.isOpen) return DYN;
  const meant = nearest(field, type.fields.keys());
  const isWord = inference.expression.slice(span.offset, span.offset + span.length) === field;
  const fix = meant === undefined ? undefined : guess(span, isWord ? meant : `'${meant}'`);
  const help = helpFor(meant, isArgument ? [] : [...type.fields.keys()]);
  const message = isArgument
    ? `no call that this rule is for has an argument \`${field}\``
    : `${owner === '' ? 'the value' : `\`${owner}\``} has no field \`${field}\``;
  const isOfArguments = owner === 'args' || owner.startsWith('args.');
  const code = isOfArguments ? 'unknown-argument' : 'unknown-field';
  const notes = isArgument ? argumentNotes(inference) : [];
  const told = isArgument && meant === undefined ? [] : [help];
  inference.problems.push(celProblem(code, span, message, told, { notes, fix }));
  return DYN;
};

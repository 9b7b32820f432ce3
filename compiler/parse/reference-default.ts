/** The defaults of a reference, judged when the configuration is compiled: a variable that is set hides a wrong one. */
import type { ReferencePart } from '../../schema/reference.ts';
import { type ReferenceType, referenceValue } from '../../schema/reference-value.ts';
import type { Report } from '../diagnostics/report.ts';
import { placeInScalar } from '../source/scalar-offset.ts';
import type { SourceScalar } from '../source/tree.ts';

type EnvPart = Extract<ReferencePart, { kind: 'env' }>;

/** The text of a scalar where no variable is set; undefined if it would have none. */
const textOfDefaults = (parts: readonly ReferencePart[]): string | undefined => {
  let text = '';
  for (const part of parts) {
    const known = part.kind === 'text' ? part.text : part.kind === 'env' ? part.fallback : undefined;
    if (known === undefined) return undefined;
    text += known;
  }
  return text;
};

const problemOf = ({ fallback = '' }: EnvPart, text: string | undefined, type: ReferenceType) =>
  /[\0\r\n]/.test(fallback)
    ? 'has a line break or a NUL in it'
    : text === undefined
      ? undefined
      : referenceValue(text, type).problem;

/** Reports the first default that the field would not take; whether there is none. */
export const checkDefaults = (
  scalar: SourceScalar,
  parts: readonly ReferencePart[],
  type: ReferenceType,
  report: Report,
): boolean => {
  const text = textOfDefaults(parts);
  for (const part of parts) {
    if (part.kind !== 'env' || part.fallback === undefined) continue;
    const problem = problemOf(part, text, type);
    if (problem === undefined) continue;
    const offset = String(scalar.value).indexOf(`:-${part.fallback}}`) + 2;
    report('GW3033', placeInScalar(scalar, offset, part.fallback.length), { name: part.name, problem });
    return false;
  }
  return true;
};

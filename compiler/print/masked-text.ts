/** Texts as they are shown: secrets that stand in the file are not, references are. */
import { hasReference, parseReference, type ReferencePart, referenceText } from '../../schema/reference.ts';
import type { ScalarUse } from '../configuration.ts';
import { secretIn } from '../posture/literal-secret.ts';

const MASK = '***';
const URL_CREDENTIALS = /^([a-z][a-z0-9+.-]*:\/\/)[^/?#\s]*@/i;

/** A text as it is written where references could stand. */
export const escapeDollar = (text: string): string => text.replace(/\$(?=[{$])/g, '$$$$');

const maskedPart = (part: ReferencePart): ReferencePart => {
  if (part.kind === 'text') return { ...part, text: MASK };
  return part.kind === 'env' && part.fallback !== undefined ? { ...part, fallback: MASK } : part;
};

/** `text` with what is secret in it masked; `use` says what the field is. */
export const maskedText = (text: string, use: ScalarUse | undefined): string => {
  const open = text.replace(URL_CREDENTIALS, `$1${MASK}@`);
  if (use === undefined || secretIn({ ...use, scalar: { ...use.scalar, value: open } }) === undefined)
    return open;
  return hasReference(open) ? referenceText(parseReference(open).parts.map(maskedPart)) : MASK;
};

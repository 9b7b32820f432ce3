/** What can be wrong with an expression. */

export type CelProblemCode =
  | 'syntax'
  | 'unknown-name'
  | 'unknown-field'
  | 'type'
  | 'result'
  | 'function'
  | 'not-allowed'
  | 'unknown-argument'
  | 'unguarded-argument'
  | 'constant'
  | 'whole-address';

/** A problem with its place in the expression, in UTF-16 units. */
export interface CelProblem {
  readonly code: CelProblemCode;
  readonly message: string;
  readonly offset: number;
  readonly length: number;
  /** What to do about it. */
  readonly help?: readonly string[];
  /** Why it is so. */
  readonly notes?: readonly string[];
  /** A change that would mend it. */
  readonly fix?: CelFix;
}

/** A part of an expression to be replaced; `always` where it says without doubt what was meant. */
export interface CelFix {
  readonly span: CelSpan;
  readonly text: string;
  readonly applicability: 'always' | 'maybe';
}

/** A part of an expression. */
export interface CelSpan {
  readonly offset: number;
  readonly length: number;
}

export const celProblem = (
  code: CelProblemCode,
  { offset, length }: CelSpan,
  message: string,
  help: readonly (string | undefined)[] = [],
  { notes = [], fix }: Pick<CelProblem, 'notes'> & { readonly fix?: CelFix | undefined } = {},
): CelProblem => {
  const told = help.filter((line) => line !== undefined);
  return {
    code,
    message,
    offset,
    length,
    ...(told.length === 0 ? {} : { help: told }),
    ...(notes.length === 0 ? {} : { notes }),
    ...(fix === undefined ? {} : { fix }),
  };
};

/** A guess at the word that was meant. */
export const guess = (span: CelSpan, text: string): CelFix => ({ span, text, applicability: 'maybe' });

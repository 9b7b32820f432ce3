/** What can be wrong with an expression. */

export type CelProblemCode =
  | 'syntax'
  | 'unknown-name'
  | 'unknown-field'
  | 'type'
  | 'result'
  | 'function'
  | 'not-allowed';

/** A problem with its place in the expression, in UTF-16 units. */
export interface CelProblem {
  readonly code: CelProblemCode;
  readonly message: string;
  readonly offset: number;
  readonly length: number;
  /** What to do about it. */
  readonly help?: readonly string[];
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
): CelProblem => {
  const told = help.filter((line) => line !== undefined);
  return { code, message, offset, length, ...(told.length === 0 ? {} : { help: told }) };
};

/** The words of an expression with their places, for the spans of problems. */
import type { CelSpan } from './problem.ts';

export interface CelToken extends CelSpan {
  readonly kind: 'name' | 'number' | 'string' | 'operator' | 'stray';
  readonly text: string;
}

/** Space and comments, then one word; tried in this order (cel-spec, langdef, Syntax). */
const SKIPPED = /(?:\s+|\/\/[^\n]*)*/y;
const WORDS: readonly (readonly [CelToken['kind'], RegExp])[] = [
  ['string', /(?:[rR][bB]?|[bB][rR]?)?(?:"""[\s\S]*?"""|'''[\s\S]*?''')/y],
  ['string', /(?:[rR][bB]|[bB][rR]|[rR])(?:"[^"\n]*"|'[^'\n]*')/y],
  ['string', /[bB]?(?:"(?:[^"\\\n]|\\[\s\S])*"|'(?:[^'\\\n]|\\[\s\S])*')/y],
  ['name', /[A-Za-z_][A-Za-z0-9_]*/y],
  ['number', /0[xX][0-9a-fA-F]+[uU]?|(?:\d+\.\d+|\.\d+|\d+)(?:[eE][+-]?\d+)?[uU]?/y],
  ['operator', /==|!=|<=|>=|&&|\|\||[<>!?:.,+\-*/%()[\]{}]/y],
  ['stray', /[\s\S]/y],
];

/** Every word in order. What is no word of the language is `stray`. */
export const celTokens = (expression: string): readonly CelToken[] => {
  const tokens: CelToken[] = [];
  let offset = skip(expression, 0);
  while (offset < expression.length) {
    const token = tokenAt(expression, offset);
    tokens.push(token);
    offset = skip(expression, token.offset + token.length);
  }
  return tokens;
};

const skip = (expression: string, offset: number): number => {
  SKIPPED.lastIndex = offset;
  SKIPPED.test(expression);
  return SKIPPED.lastIndex;
};

const tokenAt = (expression: string, offset: number): CelToken => {
  for (const [kind, word] of WORDS) {
    word.lastIndex = offset;
    const text = word.exec(expression)?.[0];
    if (text !== undefined && text !== '') return { kind, text, offset, length: text.length };
  }
  throw new Error('every character is a word');
};

/** The place of the whole expression, without the space around it. */
export const wholeSpan = (expression: string): CelSpan => {
  const trimmed = expression.trim();
  return { offset: expression.indexOf(trimmed), length: trimmed.length };
};

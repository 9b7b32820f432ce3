/** From text to tree, and what to say when there is none. */
import { type CelSyntax, MAX_EXPRESSION_LENGTH, parseExpression } from '../../../policies/cel/expression.ts';
import { type CelProblem, celProblem } from './problem.ts';
import { type CelToken, celTokens, wholeSpan } from './tokens.ts';

export type ParsedCel =
  | { readonly kind: 'parsed'; readonly syntax: CelSyntax }
  | { readonly kind: 'failed'; readonly problem: CelProblem };

/** Parses an expression. Of several faults the parser's first, or the one that most likely caused it, is told. */
export const parseCel = (expression: string): ParsedCel => {
  const whole = wholeSpan(expression);
  if (expression.length > MAX_EXPRESSION_LENGTH) {
    const message = `the expression is longer than ${MAX_EXPRESSION_LENGTH} characters`;
    return { kind: 'failed', problem: celProblem('syntax', whole, message) };
  }
  const wrongEscape = badEscape(celTokens(expression));
  if (wrongEscape !== undefined) return { kind: 'failed', problem: wrongEscape };
  try {
    return { kind: 'parsed', syntax: parseExpression(expression) };
  } catch (error) {
    if (error instanceof RangeError) return { kind: 'failed', problem: tooDeep(expression) };
    return { kind: 'failed', problem: syntaxProblem(expression, error) };
  }
};

/** For what the stack does not hold. */
export const tooDeep = (expression: string): CelProblem =>
  celProblem('syntax', wholeSpan(expression), 'the expression is nested too deeply');

/** `9..17`: a range in other languages. */
const rangeOfNumbers = (expression: string): CelProblem | undefined => {
  const found = /\d\s*(\.\.)\s*\d/.exec(expression);
  if (
    found === null ||
    celTokens(expression).some(
      ({ kind, offset, length }) =>
        kind === 'string' && offset <= found.index && found.index < offset + length,
    )
  )
    return undefined;
  const span = { offset: expression.indexOf('..', found.index), length: 2 };
  return celProblem('syntax', span, 'there are no ranges', [
    'from 9 to 17 is written `9 <= value && value < 17`',
  ]);
};

const syntaxProblem = (expression: string, error: unknown): CelProblem => {
  const tokens = celTokens(expression);
  if (tokens.length === 0) return celProblem('syntax', { offset: 0, length: 0 }, 'the expression is empty');
  return (
    reservedWord(expression, error) ??
    rangeOfNumbers(expression) ??
    strayToken(tokens) ??
    unbalanced(tokens) ??
    adjacentOperands(tokens) ??
    looseOperator(tokens) ??
    parserProblem(expression, tokens, error)
  );
};

const ESCAPE = /\\(?:[abfnrtv\\?"'`]|[xX][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-3][0-7]{2})/y;

/** The parser takes a backslash before anything; the language does not (cel-spec, langdef, Syntax). */
const badEscape = (tokens: readonly CelToken[]): CelProblem | undefined => {
  for (const { kind, text, offset } of tokens) {
    if (kind !== 'string' || /^[bB]?[rR]/.test(text)) continue;
    for (let at = text.indexOf('\\'); at !== -1; at = text.indexOf('\\', ESCAPE.lastIndex)) {
      ESCAPE.lastIndex = at;
      if (ESCAPE.test(text)) continue;
      const span = { offset: offset + at, length: 2 };
      return celProblem('syntax', span, `\`${text.slice(at, at + 2)}\` is no escape`, [
        "text with backslashes is written `r'…'`",
      ]);
    }
  }
  return undefined;
};

interface Located {
  readonly start: { readonly offset: number };
  readonly end: { readonly offset: number };
}

const locationOf = (error: unknown): Located | undefined =>
  error instanceof Error && 'location' in error ? (error.location as Located) : undefined;

const reservedWord = (expression: string, error: unknown): CelProblem | undefined => {
  const location = locationOf(error);
  if (location === undefined || !(error as Error).message.endsWith('reserved identifier')) return undefined;
  const span = { offset: location.start.offset, length: location.end.offset - location.start.offset };
  const word = expression.slice(span.offset, span.offset + span.length);
  return celProblem('syntax', span, `\`${word}\` is a reserved word`);
};

const STRAY_HELP: Readonly<Record<string, string>> = {
  '=': 'values are compared with `==`',
  '&': 'both conditions: `&&`',
  '|': 'either condition: `||`',
  '‘': 'text is written in straight quotes',
  '“': 'text is written in straight quotes',
  '`': 'text is written \'so\' or "so"',
  '\\': "a backslash is written inside quotes, as in '\\\\'",
};

/** Operators of other languages that mean just one of this. */
const MEANT: Readonly<Record<string, string>> = { '=': '==', '&': '&&', '|': '||', and: '&&', or: '||' };

const strayToken = (tokens: readonly CelToken[]): CelProblem | undefined => {
  const stray = tokens.find(({ kind }) => kind === 'stray');
  if (stray === undefined) return undefined;
  if (stray.text === '"' || stray.text === "'") {
    return celProblem('syntax', stray, `the text that starts with ${stray.text} does not end`);
  }
  const text = MEANT[stray.text];
  const fix = text === undefined ? undefined : { span: stray, text, applicability: 'always' as const };
  return celProblem('syntax', stray, `unexpected \`${stray.text}\``, [STRAY_HELP[stray.text]], { fix });
};

const CLOSED_BY: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };

const unbalanced = (tokens: readonly CelToken[]): CelProblem | undefined => {
  const open: CelToken[] = [];
  for (const token of tokens) {
    if (token.kind !== 'operator') continue;
    if (token.text in CLOSED_BY) open.push(token);
    if (!Object.values(CLOSED_BY).includes(token.text)) continue;
    const opened = open.pop();
    if (opened === undefined) return celProblem('syntax', token, `\`${token.text}\` closes nothing`);
    const closer = CLOSED_BY[opened.text]!;
    if (closer !== token.text) {
      return celProblem('syntax', token, `\`${token.text}\` where \`${closer}\` is due`);
    }
  }
  const left = open.at(-1);
  return left && celProblem('syntax', left, `\`${left.text}\` is not closed`);
};

const WORD_HELP: Readonly<Record<string, string>> = {
  and: 'both conditions: `&&`',
  or: 'either condition: `||`',
  not: 'the contrary: `!`',
  is: 'values are compared with `==`',
  if: 'a choice is written `condition ? this : that`',
  contains: "text in text is asked by `text.contains('part')`, an element of a list by `element in list`",
  matches: "a pattern is asked by `text.matches('pattern')`",
};

const isWord = ({ kind, text }: CelToken): boolean => kind !== 'operator' && text !== 'in';

const adjacentOperands = (tokens: readonly CelToken[]): CelProblem | undefined => {
  const at = tokens.findIndex((token, index) => {
    const before = tokens[index - 1];
    if (before === undefined || !isWord(token)) return false;
    return isWord(before) || [')', ']', '}'].includes(before.text);
  });
  if (at === -1) return undefined;
  const [before, token] = [tokens[at - 1]!, tokens[at]!];
  const culprit = before.text in WORD_HELP && !(token.text in WORD_HELP) ? before : token;
  const text = MEANT[culprit.text];
  const fix = text === undefined ? undefined : { span: culprit, text, applicability: 'always' as const };
  return celProblem('syntax', culprit, `unexpected \`${culprit.text}\``, [WORD_HELP[culprit.text]], { fix });
};

const BINARY = /^(?:==|!=|<=|>=|&&|\|\||[<>?:.+*/%,-]|in)$/;

const looseOperator = (tokens: readonly CelToken[]): CelProblem | undefined => {
  const last = tokens.at(-1)!;
  if (BINARY.test(last.text) || last.text === '!') {
    return celProblem('syntax', last, `the expression ends after \`${last.text}\``);
  }
  const doubled = tokens.find((token, index) => {
    const before = tokens[index - 1];
    return (
      BINARY.test(token.text) &&
      !/^[-.]$/.test(token.text) &&
      (before === undefined || BINARY.test(before.text))
    );
  });
  return doubled && celProblem('syntax', doubled, `unexpected \`${doubled.text}\``);
};

const parserProblem = (expression: string, tokens: readonly CelToken[], error: unknown): CelProblem => {
  const location = locationOf(error);
  if (location === undefined) {
    const message = error instanceof Error ? error.message : 'the expression is malformed';
    return celProblem('syntax', wholeSpan(expression), message);
  }
  const token =
    tokens.find(({ offset, length }) => offset + length > location.start.offset) ?? tokens.at(-1)!;
  return celProblem('syntax', token, `unexpected \`${token.text}\``);
};

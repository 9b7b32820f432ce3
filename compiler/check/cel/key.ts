/** What the key of a limit may not hang on. */
import { type CelProblem, celProblem } from './problem.ts';
import type { CelToken } from './tokens.ts';

const REASONS: Readonly<Record<string, string>> = {
  now: 'a key that is new at each moment limits nothing',
  'call.id': 'a key that is new with each call limits nothing',
};

/** Names of attributes are names of nothing else in an expression, so that its words tell where they are used. */
export const keyProblems = (tokens: readonly CelToken[]): readonly CelProblem[] =>
  tokens.flatMap((token, index) => {
    if (token.kind !== 'name' || tokens[index - 1]?.text === '.') return [];
    const name = token.text === 'call' && isFieldAfter(tokens, index, 'id') ? 'call.id' : token.text;
    const reason = Object.hasOwn(REASONS, name) ? REASONS[name] : undefined;
    if (reason === undefined) return [];
    return [celProblem('not-allowed', token, `\`${name}\` cannot be part of a limit's key`, [reason])];
  });

const isFieldAfter = (tokens: readonly CelToken[], index: number, field: string): boolean =>
  tokens[index + 1]?.text === '.' && tokens[index + 2]?.text === field;

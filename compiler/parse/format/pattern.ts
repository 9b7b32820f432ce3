/** Names with `*`: nothing else is special, so signs of other pattern languages are mistakes. */
import type { FormatCheck } from './format.ts';

const MAX_STARS = 8;

const problemOf = (text: string): string | undefined => {
  if (text === '') return 'it is empty';
  if (/^\^|\$$|\.\*|\.\+|\\[dws.]/.test(text)) return 'it looks like a regular expression';
  if (/\{[^}]*,[^}]*\}|\[[^\]]*\]/.test(text)) return '`{…}` and `[…]` are not special here';
  if (/\([^)]*\|[^)]*\)/.test(text)) return '`(…|…)` is not special here';
  // In a URI it starts the query.
  if (text.includes('?') && !text.includes(':')) return '`?` is not special here, and no part of a name';
  if (/[\s\0]/.test(text)) return 'it has a blank in it';
  return (text.match(/\*+/g)?.length ?? 0) > MAX_STARS ? `it has more than ${MAX_STARS} \`*\`` : undefined;
};

export const checkPattern: FormatCheck = ({ text, place, report }) => {
  const problem = problemOf(text);
  if (problem === undefined) return true;
  report('GW3012', place, { text, problem });
  return false;
};

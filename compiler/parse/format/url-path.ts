/** Paths of MCP endpoints: absolute, canonical, without query. */
import type { FormatCheck } from './format.ts';

const problemOf = (text: string): string | undefined => {
  if (!text.startsWith('/')) return 'it does not start with `/`';
  if (/[?#]/.test(text)) return 'it has a query or a fragment';
  if (/[^\x21-\x7e]|[\\"<>^`{|}]/.test(text)) return 'it has a character that must be percent-encoded';
  if (/%(?![0-9A-Fa-f]{2})/.test(text)) return 'it has a `%` that encodes nothing';
  if (text !== '/' && text.endsWith('/')) return 'it ends in `/`';
  if (/\/\/|\/\.\.?(\/|$)/.test(text)) return 'it has an empty, `.` or `..` segment';
  return undefined;
};

export const checkUrlPath: FormatCheck = ({ text, place, report }) => {
  const problem = problemOf(text);
  if (problem === undefined) return true;
  const meant = `/${text.replace(/^\/+|\/+$/g, '')}`;
  const suggestion = problemOf(meant) === undefined ? meant : undefined;
  const fixes =
    suggestion === undefined ? [] : [{ place, text: suggestion, applicability: 'maybe' as const }];
  report('GW3010', place, { text, problem, suggestion }, { fixes });
  return false;
};

/** `# gatewright-ignore GW4003: reason` on the line of a finding or the line above lowers it. */
import { Lexer } from 'yaml';
import type { Diagnostic } from '../../schema/diagnostic.ts';
import { CATALOGUE, type Code } from '../diagnostics/catalogue.ts';
import type { Entry } from '../diagnostics/entry.ts';
import type { Findings } from '../diagnostics/findings.ts';
import { nearest } from '../diagnostics/nearest.ts';
import type { Report } from '../diagnostics/report.ts';
import { lineIndexAt, type Place, type SourceFile } from '../source/source-file.ts';

interface IgnoreComment {
  readonly code: Code;
  readonly place: Place;
  /** Counted from 1, as in spans. */
  readonly line: number;
}

const WORD = 'gatewright-ignore';
/** Tokens that the lexer adds: document, flow end, scalar, byte order mark. */
const MARKS = new Set(['\x02', '\x18', '\x1f', '\ufeff']);
const COMMENT = /^#\s*gatewright-ignore\b[ \t]*([^\s:]*)[ \t]*(:?)[ \t]*(.*)$/;

/** Every comment with the word, by offset. The lexer knows which `#` starts a comment. */
const commentsIn = (file: SourceFile): readonly { readonly text: string; readonly start: number }[] => {
  if (!file.text.includes(WORD)) return [];
  const comments: { text: string; start: number }[] = [];
  let at = 0;
  for (const token of new Lexer().lex(file.text)) {
    if (MARKS.has(token) && file.text[at] !== token) continue;
    if (token.startsWith('#') && token.includes(WORD)) comments.push({ text: token, start: at });
    at += token.length;
  }
  return comments;
};

const isLowerable = (code: string): code is Code =>
  Object.hasOwn(CATALOGUE, code) && (CATALOGUE[code as Code] as Entry<never>).lowerable === true;

const problemOf = (code: string, colon: string, reason: string): string | undefined => {
  if (code === '') return 'this comment names no code to ignore';
  if (!Object.hasOwn(CATALOGUE, code)) {
    const near = nearest(code, Object.keys(CATALOGUE));
    return `\`${code}\` is not a code${near ? `; did you mean \`${near}\`?` : ''}`;
  }
  if (!isLowerable(code)) return `\`${code}\` cannot be ignored: only posture findings can`;
  return colon === '' || reason.trim() === '' ? `\`${code}\` is ignored without a reason` : undefined;
};

const readComments = (file: SourceFile, report: Report): readonly IgnoreComment[] =>
  commentsIn(file).flatMap(({ text, start }) => {
    const place = { file, start, end: start + text.trimEnd().length };
    const [, code = '', colon = '', reason = ''] = COMMENT.exec(text.trimEnd()) ?? [];
    const problem = problemOf(code, colon, reason);
    if (problem) report('GW4090', place, { problem });
    return problem ? [] : [{ code: code as Code, place, line: lineIndexAt(file, start) + 1 }];
  });

const covers = (comment: IgnoreComment, { code, span }: Diagnostic): boolean =>
  code === comment.code &&
  span.file === comment.place.file.path &&
  (span.line === comment.line || span.line === comment.line + 1);

/** Takes back the findings that a comment lowers. Comments that lower nothing are findings themselves. */
export const lowerIgnored = (texts: readonly SourceFile[], findings: Findings): void => {
  const comments = texts.flatMap((text) => readComments(text, findings.report));
  const idle = comments.filter((comment) => !findings.all().some((finding) => covers(comment, finding)));
  findings.remove((finding) => comments.some((comment) => covers(comment, finding)));
  // With errors elsewhere, what the comment is about may not have been reached.
  if (findings.hasErrors()) return;
  for (const { code, place } of idle) findings.report('GW4091', place, { code });
};

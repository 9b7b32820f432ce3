/** `# gatewright-ignore GW4003: reason` on the line of a finding or the line above lowers it. */
import { Lexer } from 'yaml';
import type { Diagnostic } from '../../schema/diagnostic.ts';
import { CATALOGUE, type Code } from '../diagnostics/catalogue.ts';
import { isAdjustable } from '../diagnostics/entry.ts';
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

/** What is said about these comments themselves. */
const OWN_CODES = new Set(['GW4090', 'GW4091']);

const isIgnorable = (code: string): code is Code =>
  Object.hasOwn(CATALOGUE, code) && isAdjustable(CATALOGUE[code as Code]) && !OWN_CODES.has(code);

/** Whether what the comment is about is only found online, after the compile. */
const isLater = ({ code }: IgnoreComment): boolean => code.startsWith('GW5');

/** A comment with the blanks before it, and the whole line if there is nothing else on it. */
const lineOf = ({ file, start, end }: Place): Place => {
  const lineStart = file.lineStarts[lineIndexAt(file, start)]!;
  const before = file.text.slice(lineStart, start);
  if (before.trim() !== '') return { file, start: lineStart + before.trimEnd().length, end };
  const lineBreak = /^[ \t]*(?:\r\n|\r|\n)?/.exec(file.text.slice(end))![0];
  return { file, start: lineStart, end: end + lineBreak.length };
};

const problemOf = (code: string, colon: string, reason: string): string | undefined => {
  if (code === '') return 'this comment names no code to ignore';
  if (!Object.hasOwn(CATALOGUE, code)) {
    const near = nearest(code, Object.keys(CATALOGUE));
    return `\`${code}\` is not a code${near ? `; did you mean \`${near}\`?` : ''}`;
  }
  if (!isIgnorable(code)) return `\`${code}\` cannot be ignored: only warnings and posture findings can`;
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

/** The comments of a configuration, and which of them lowered something. */
export interface Ignores {
  /** A finding, or undefined if a comment lowers it. */
  readonly judge: (finding: Diagnostic) => Diagnostic | undefined;
  /** Reports the comments that lowered nothing. */
  readonly reportIdle: (report: Report) => void;
}

/** Reads the comments of `files`, and reports those that do not hold. */
export const readIgnores = (files: readonly SourceFile[], report: Report): Ignores => {
  const comments = files.flatMap((file) => readComments(file, report));
  const used = new Set<IgnoreComment>();
  return {
    judge: (finding) => {
      const own = comments.filter((comment) => covers(comment, finding));
      for (const comment of own) used.add(comment);
      return own.length === 0 ? finding : undefined;
    },
    reportIdle: (reportIdle) => {
      for (const { code, place } of comments.filter((comment) => !used.has(comment) && !isLater(comment))) {
        const fixes = [{ place: lineOf(place), text: '', applicability: 'always' as const }];
        reportIdle('GW4091', place, { code }, { fixes });
      }
    },
  };
};

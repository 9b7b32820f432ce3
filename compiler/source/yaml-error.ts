/** What the YAML library finds wrong, in the words of the catalogue. */
import type { Document, ErrorCode, ParsedNode, YAMLError } from 'yaml';
import type { Report } from '../diagnostics/report.ts';
import { hasWrongSeparator, reportSeparators } from './separator.ts';
import { lineIndexAt, lineText, type Place, type SourceFile } from './source-file.ts';
import { unclosedAt } from './unclosed.ts';

/** Fact and advice for each code of the library that has no code of its own here. */
const WORDS: Partial<Record<ErrorCode, readonly [problem: string, help?: string]>> = {
  ALIAS_PROPS: ['an alias cannot carry an anchor or a tag'],
  BAD_DIRECTIVE: ['this directive is not known', 'remove the line'],
  BAD_DQ_ESCAPE: [
    'this escape sequence does not exist',
    'write `\\\\` for a backslash, or use single quotes',
  ],
  BAD_INDENT: ['the indentation fits no mapping or list above', 'align it with the lines it belongs to'],
  BAD_PROP_ORDER: ['anchors and tags must come right before their value'],
  BAD_SCALAR_START: ['a text cannot start with this character', 'put it in quotes'],
  BLOCK_AS_IMPLICIT_KEY: [
    'a value cannot be followed by another mapping on the same line',
    'is a line break or a quote missing?',
  ],
  BLOCK_IN_FLOW: ['indented blocks cannot stand inside `{ }` or `[ ]`'],
  DUPLICATE_KEY: ['this key is given twice in the same mapping', 'remove one of the two'],
  IMPOSSIBLE: ['this cannot be read as YAML'],
  KEY_OVER_1024_CHARS: ['a key is longer than 1024 characters'],
  MISSING_CHAR: ['a character is missing here', 'is there a `:`, a `,`, a blank or a closing quote too few?'],
  MULTILINE_IMPLICIT_KEY: ['a key must be on one line', 'is a `:` missing?'],
  MULTIPLE_ANCHORS: ['a value can have one anchor only'],
  MULTIPLE_TAGS: ['a value can have one tag only'],
  BAD_COLLECTION_TYPE: ['the tag does not fit the value'],
  UNEXPECTED_TOKEN: ['this is not expected here', 'is a quote, a bracket or a line break missing before it?'],
};

const lineEndAt = (file: SourceFile, offset: number): number => {
  const next = file.lineStarts[lineIndexAt(file, offset) + 1] ?? file.text.length;
  return Math.max(offset, file.text.slice(0, next).trimEnd().length);
};

const placeOf = (file: SourceFile, { pos }: YAMLError): Place => {
  const start = Math.min(pos[0], file.text.length);
  return { file, start, end: Math.min(Math.max(pos[1], start), Math.max(lineEndAt(file, start), start)) };
};

const indentOf = (file: SourceFile, line: number): number => lineText(file, line).search(/\S|$/);

/** The first character at or behind `offset` that is neither blank nor comment. */
const contentAt = (file: SourceFile, offset: number): number => {
  const rest = /^(?:[ \t]*(?:#[^\r\n]*)?(?:\r\n|\r|\n))*[ \t]*/.exec(file.text.slice(offset))?.[0] ?? '';
  return offset + rest.length < file.text.length ? offset + rest.length : offset;
};

/** From `start` to the end of its line, or of its first word. */
const lineAt = (file: SourceFile, start: number): Place => ({ file, start, end: lineEndAt(file, start) });
const wordAt = (file: SourceFile, start: number): Place => {
  const word = /^[^\s:]+/.exec(file.text.slice(start))?.[0] ?? '';
  return { file, start, end: start + Math.max(word.length, 1) };
};

/** What is still open where the text ends, or undefined if the error is elsewhere. */
const openAtEnd = (error: YAMLError, file: SourceFile): string | undefined => {
  if (error.code !== 'MISSING_CHAR' && error.code !== 'BAD_INDENT') return undefined;
  const end = file.text.trimEnd().length;
  if (Math.max(...error.pos) < end) return undefined;
  if (/quote/.test(error.message)) return 'the quote';
  return /flow|\]|\}/i.test(error.message) ? 'the bracket or brace' : undefined;
};

/** A misplaced line: the first thing on it, and why it may have come to stand there. */
const reportIndentation = (error: YAMLError, file: SourceFile, report: Report): void => {
  const start = contentAt(file, error.pos[0]);
  const above = lineText(file, lineIndexAt(file, start) - 1);
  const isBelowComment = /^\s*#.*:\s*$/.test(above);
  const [problem] = WORDS.BAD_INDENT!;
  const help = isBelowComment
    ? 'the key above it is commented out: comment this out too'
    : WORDS.BAD_INDENT![1];
  report('GW0008', wordAt(file, start), { problem, help });
};

/** A text over several lines where a key is due: the first has no `:`, or the last is indented too far. */
const reportLongKey = (
  error: YAMLError,
  document: Document.Parsed<ParsedNode>,
  file: SourceFile,
  isValue: boolean,
  report: Report,
): void => {
  const [start, end] = error.pos;
  const last = lineIndexAt(file, Math.max(start, end - 1));
  if (isValue && last > lineIndexAt(file, start)) {
    report('GW0008', wordAt(file, file.lineStarts[last]! + indentOf(file, last)), {
      problem: 'this line is indented further than the one above it, which has its value already',
      help: 'align it with the lines it belongs to',
    });
  } else if (hasWrongSeparator(file, lineIndexAt(file, start))) reportSeparators(document, file, report);
  else {
    const [problem, help] = WORDS.MULTILINE_IMPLICIT_KEY!;
    report('GW0008', lineAt(file, start), { problem, help });
  }
};

const reportError = (error: YAMLError, file: SourceFile, report: Report): void => {
  const place = placeOf(file, error);
  if (error.code === 'MULTIPLE_DOCS') report('GW0007', { ...place, end: place.start + 3 }, {});
  else if (error.code === 'RESOURCE_EXHAUSTION') {
    report('GW0018', { ...place, end: place.start + 1 }, { what: 'the nesting', limit: 64, unit: 'level' });
  } else if (error.code === 'BAD_ALIAS') report('GW0014', place, { problem: 'this is no alias or anchor' });
  else if (error.code === 'TAG_RESOLVE_FAILED') {
    report('GW0015', place, { tag: file.text.slice(place.start, place.end) });
  } else if (error.code === 'BAD_INDENT') reportIndentation(error, file, report);
  else {
    const [problem, help] = WORDS[error.code] ?? ['this is not YAML'];
    report('GW0008', place, { problem, help });
  }
};

const reportVersion = (document: Document.Parsed<ParsedNode>, file: SourceFile, report: Report): boolean => {
  const { version, explicit } = document.directives.yaml;
  const start = file.text.search(/^%YAML/m);
  if (!explicit || version === '1.2' || start < 0) return false;
  report('GW0017', { file, start, end: lineEndAt(file, start) }, { version });
  return true;
};

/** Lines that are indented with tabs from `line` on. */
const tabbedLines = (file: SourceFile, line: number): number => {
  let count = 1;
  while (/^[ ]*\t[ \t]*\S/.test(lineText(file, line + count))) count++;
  return count;
};

/** A bracket, brace or quote that is never closed, and where that shows; what follows is of no use. */
const reportUnclosed = (
  error: YAMLError,
  document: Document.Parsed<ParsedNode>,
  file: SourceFile,
  report: Report,
): boolean => {
  const open = openAtEnd(error, file);
  const isCutShort = error.code === 'BAD_INDENT' && error.message.startsWith('Flow');
  if (open === undefined && !isCutShort) return false;
  const start = unclosedAt(document, file);
  const opening = start === undefined ? undefined : { file, start, end: start + 1 };
  if (open !== undefined) {
    const end = file.text.trimEnd().length;
    const labels = opening ? [{ place: opening, text: 'opened here' }] : [];
    const sign =
      opening && /[[{]/.test(file.text[opening.start]!) ? `the \`${file.text[opening.start]}\`` : open;
    report('GW0004', { file, start: end, end }, { open: sign }, { labels });
  } else if (opening) {
    const sign = file.text[opening.start]!;
    const labels = [
      {
        place: wordAt(file, contentAt(file, error.pos[0])),
        text: 'the next line, on which it is still open',
      },
    ];
    const help = `close it with \`${sign === '[' ? ']' : '}'}\``;
    report('GW0008', opening, { problem: `this \`${sign}\` is never closed`, help }, { labels });
  } else reportIndentation(error, file, report);
  return true;
};

/** More than anybody reads. */
const MAX_TOLD = 100;

/** Reports what makes the document unreadable as YAML; whether there was anything. */
export const reportYamlErrors = (
  document: Document.Parsed<ParsedNode>,
  file: SourceFile,
  report: Report,
): boolean => {
  const findings = [...document.errors, ...document.warnings];
  const lines = new Set<number>();
  const longKeys = new Map(
    findings.filter(({ code }) => code === 'MULTILINE_IMPLICIT_KEY').map((error) => [error.pos[0], error]),
  );
  let tabbedUpTo = -1;
  for (const error of findings) {
    const line = lineIndexAt(file, error.pos[0]);
    if (lines.size === MAX_TOLD) break;
    if (lines.has(line) || line < tabbedUpTo) continue;
    if (reportUnclosed(error, document, file, report)) break;
    const longKey = longKeys.get(error.pos[0]);
    lines.add(line);
    if (error.code === 'TAB_AS_INDENT') {
      const count = tabbedLines(file, line);
      tabbedUpTo = line + count;
      report('GW0013', placeOf(file, error), { lines: count });
    } else if (longKey)
      reportLongKey(longKey, document, file, error.code === 'BLOCK_AS_IMPLICIT_KEY', report);
    else reportError(error, file, report);
  }
  return reportVersion(document, file, report) || findings.length > 0;
};

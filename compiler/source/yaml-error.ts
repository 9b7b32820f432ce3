/** What the YAML library finds wrong, in the words of the catalogue. */
import type { Document, ErrorCode, ParsedNode, YAMLError } from 'yaml';
import type { Report } from '../diagnostics/report.ts';
import { lineIndexAt, type Place, type SourceFile } from './source-file.ts';

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

/** What is still open where the text ends, or undefined if the error is elsewhere. */
const openAtEnd = (error: YAMLError, file: SourceFile): string | undefined => {
  if (error.code !== 'MISSING_CHAR' && error.code !== 'BAD_INDENT') return undefined;
  const end = file.text.trimEnd().length;
  if (Math.max(...error.pos) < end) return undefined;
  if (/quote/.test(error.message)) return 'a quote';
  return /flow|\]|\}/i.test(error.message) ? 'a bracket or brace' : undefined;
};

const reportError = (error: YAMLError, file: SourceFile, report: Report): void => {
  const place = placeOf(file, error);
  const open = openAtEnd(error, file);
  if (open) {
    const end = file.text.trimEnd().length;
    report('GW0004', { file, start: end, end }, { open });
  } else if (error.code === 'MULTIPLE_DOCS') report('GW0007', { ...place, end: place.start + 3 }, {});
  else if (error.code === 'TAB_AS_INDENT') report('GW0013', place, {});
  else if (error.code === 'RESOURCE_EXHAUSTION') {
    report('GW0018', { ...place, end: place.start + 1 }, { what: 'the nesting', limit: 64, unit: 'level' });
  } else if (error.code === 'BAD_ALIAS') report('GW0014', place, { problem: 'this is no alias or anchor' });
  else if (error.code === 'TAG_RESOLVE_FAILED') {
    report('GW0015', place, { tag: file.text.slice(place.start, place.end) });
  } else {
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

/** Reports what makes the document unreadable as YAML; whether there was anything. */
export const reportYamlErrors = (
  document: Document.Parsed<ParsedNode>,
  file: SourceFile,
  report: Report,
): boolean => {
  const findings = [...document.errors, ...document.warnings];
  const lines = new Set<number>();
  for (const error of findings) {
    const line = lineIndexAt(file, error.pos[0]);
    if (lines.has(line)) continue;
    lines.add(line);
    reportError(error, file, report);
  }
  return reportVersion(document, file, report) || findings.length > 0;
};

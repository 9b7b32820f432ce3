/** Text to tree: YAML 1.2, core schema, strict. Reports everything that is wrong with the text as YAML. */
import { type Document, isScalar, type ParsedNode, parseDocument } from 'yaml';
import type { Report } from '../diagnostics/report.ts';
import { hideStars, reportBareStars } from './bare-star.ts';
import { reportBounds } from './bounds.ts';
import { buildTree } from './build-tree.ts';
import { withOwnBlanks } from './foreign-blank.ts';
import { reportMergeConflict } from './merge-conflict.ts';
import { type SourceFile, sourceFile } from './source-file.ts';
import { reportTemplate } from './template.ts';
import type { SourceMap } from './tree.ts';
import { hideReferences, unquotedReferences } from './unquoted-reference.ts';
import { reportYamlErrors } from './yaml-error.ts';

const parse = (text: string): Document.Parsed<ParsedNode> =>
  parseDocument(text, {
    version: '1.2',
    schema: 'core',
    strict: true,
    uniqueKeys: false,
    keepSourceTokens: true,
    prettyErrors: false,
    logLevel: 'error',
  }) as Document.Parsed<ParsedNode>;

const BLANK = /^(?:[ \t]*(?:#[^\r\n]*)?(?:\r\n|\r|\n|$))*$/;

const reportBlank = (file: SourceFile, report: Report): boolean => {
  const place = { file, start: 0, end: 0 };
  if (file.text === '') report('GW0002', place, { path: file.path });
  else if (file.text.trim() === '' || (file.text.length < 100_000 && isBlank(file.text))) {
    report('GW0003', place, { path: file.path });
  } else return false;
  return true;
};

const isBlank = (text: string): boolean => text.split(/\r\n|\r|\n/).every((line) => BLANK.test(line));

/** What stands between `---` and the end if there is nothing. */
const isNothing = (node: ParsedNode): boolean => isScalar(node) && node.value === null && node.source === '';

/** A file in which what is recognised as a mistake is replaced by what was meant, every place kept. */
interface Readable {
  readonly document: Document.Parsed<ParsedNode>;
  readonly file: SourceFile;
}

const withText = (file: SourceFile, text: string): Readable => ({
  document: parse(text),
  file: sourceFile(file.path, text),
});

/** More than anybody reads. */
const MAX_TOLD = 100;

const withoutUnquoted = (readable: Readable, report: Report): Readable => {
  const { document, file } = readable;
  const unquoted = document.errors.length > 0 ? unquotedReferences(file) : [];
  for (const { place, reference, quoted } of unquoted.slice(0, MAX_TOLD)) {
    const fixes = [{ place, text: quoted, applicability: 'always' as const }];
    report('GW0012', place, { reference, quoted }, { fixes });
  }
  return unquoted.length > 0 ? withText(file, hideReferences(file.text, unquoted)) : readable;
};

const withoutStars = (readable: Readable, report: Report): Readable => {
  const { document, file } = readable;
  const stars = reportBareStars(document, file, report);
  return stars.length > 0 ? withText(file, hideStars(file.text, stars)) : readable;
};

/** With line breaks that every part of the parser takes for one; of the same length. */
const withLineFeeds = (file: SourceFile): SourceFile =>
  /\r(?!\n)/.test(file.text) ? sourceFile(file.path, file.text.replace(/\r(?!\n)/g, '\n')) : file;

const readMended = (original: SourceFile, report: Report): Readable | undefined => {
  const file = withLineFeeds(original);
  const document = parse(file.text);
  const blank = withOwnBlanks(document, file, report);
  const readable = blank === file ? { document, file } : withText(blank, blank.text);
  if (readable.document.errors.length > 0 && reportMergeConflict(readable.file, report)) return undefined;
  if (reportTemplate(readable.document, readable.file, report)) return undefined;
  return withoutStars(withoutUnquoted(readable, report), report);
};

/** The file's top mapping; undefined, with findings, if there is none or it cannot be trusted. */
export const readYaml = (file: SourceFile, report: Report): SourceMap | undefined => {
  if (reportBlank(file, report) || reportBounds(file, report)) return undefined;
  const readable = readMended(file, report);
  if (!readable || reportYamlErrors(readable.document, readable.file, report)) return undefined;
  const { contents } = readable.document;
  if (!contents || isNothing(contents)) {
    report('GW0003', { file, start: 0, end: 0 }, { path: file.path });
    return undefined;
  }
  const root = buildTree(contents, file, report);
  if (!root || root.kind === 'map') return root;
  const start = { ...root.place, end: Math.min(root.place.end, root.place.start + 1) };
  report('GW0006', start, { found: root.kind === 'list' ? 'a list' : 'a single value' });
  return undefined;
};

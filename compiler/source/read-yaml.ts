/** Text to tree: YAML 1.2, core schema, strict. Reports everything that is wrong with the text as YAML. */
import { type Document, isScalar, type ParsedNode, parseDocument } from 'yaml';
import type { Report } from '../diagnostics/report.ts';
import { buildTree } from './build-tree.ts';
import { type SourceFile, sourceFile } from './source-file.ts';
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

/** The file's top mapping; undefined, with findings, if there is none or it cannot be trusted. */
export const readYaml = (file: SourceFile, report: Report): SourceMap | undefined => {
  if (reportBlank(file, report)) return undefined;
  let document = parse(file.text);
  let readable = file;
  if (document.errors.length > 0) {
    const unquoted = unquotedReferences(document, file);
    for (const { place, reference, quoted } of unquoted) {
      report(
        'GW0012',
        place,
        { reference, quoted },
        { fixes: [{ place, text: quoted, applicability: 'always' }] },
      );
    }
    if (unquoted.length > 0) {
      readable = sourceFile(file.path, hideReferences(file.text, unquoted));
      document = parse(readable.text);
    }
  }
  if (reportYamlErrors(document, readable, report)) return undefined;
  if (!document.contents || isNothing(document.contents)) {
    report('GW0003', { file, start: 0, end: 0 }, { path: file.path });
    return undefined;
  }
  const root = buildTree(document.contents, file, report);
  if (!root || root.kind === 'map') return root;
  const start = { ...root.place, end: Math.min(root.place.end, root.place.start + 1) };
  report('GW0006', start, { found: root.kind === 'list' ? 'a list' : 'a single value' });
  return undefined;
};

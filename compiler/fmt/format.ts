/** The canonical layout of a configuration file. Keeps every comment, the order of lists and the meaning. */
import { type CST, Lexer, Parser } from 'yaml';
import { canonicalJson } from '../../schema/canonical-json.ts';
import type { Diagnostic } from '../../schema/diagnostic.ts';
import { createFindings } from '../diagnostics/findings.ts';
import { readYaml } from '../source/read-yaml.ts';
import { lineIndexAt, sourceFile } from '../source/source-file.ts';
import { plainData } from '../source/tree.ts';
import { printRoot, printTokens } from './print-tokens.ts';
import { orderSections } from './section-order.ts';
import { hoistComments } from './trailing-comments.ts';
import { UnusualToken } from './unusual-token.ts';
import { createWriter } from './writer.ts';

export type Formatted =
  | { readonly kind: 'formatted'; readonly text: string }
  /** The text is no YAML that could be a configuration. */
  | { readonly kind: 'faulty'; readonly diagnostics: readonly Diagnostic[] }
  /** It could not be laid out without a change of what it says. */
  | { readonly kind: 'kept' };

const layOut = (text: string): string => {
  const file = sourceFile('', text);
  const columnAt = (offset: number) => offset - file.lineStarts[lineIndexAt(file, offset)]!;
  const printing = { writer: createWriter(), columnAt };
  const head: CST.SourceToken[] = [];
  const documents: CST.Document[] = [];
  const tail: CST.SourceToken[] = [];
  for (const token of new Parser().parse(text)) {
    if (token.type === 'document') documents.push(token);
    else if (documents.length === 0) head.push(token as CST.SourceToken);
    else tail.push(token as CST.SourceToken);
  }
  const [document] = documents;
  const root = document?.value;
  if (!document || !root) throw new UnusualToken('no document');
  if (root.type === 'block-map') {
    const left = hoistComments(root, -1, columnAt);
    orderSections(root, document.start.length === 0 ? head : document.start);
    document.end = [...left, ...(document.end ?? [])];
  }
  printTokens(printing, head, 0);
  printTokens(printing, document.start, 0);
  printRoot(printing, root);
  printTokens(printing, document.end, 0);
  printTokens(printing, tail, 0);
  return printing.writer.text();
};

const commentsIn = (text: string): string =>
  [...new Lexer().lex(text)]
    .filter((token) => token.startsWith('#'))
    .map((token) => token.trimEnd())
    .sort()
    .join('\n');

/** What a text means, and the comments that it has; undefined with findings if it is none. */
const essenceOf = (path: string, text: string) => {
  const { report, all } = createFindings();
  const tree = readYaml(sourceFile(path, text), report);
  return { diagnostics: all(), essence: tree && `${canonicalJson(plainData(tree))}\n${commentsIn(text)}` };
};

/** The text in canonical layout. Pure. `path` names it in findings. */
export const format = (path: string, text: string): Formatted => {
  const { essence, diagnostics } = essenceOf(path, text);
  if (essence === undefined || diagnostics.some(({ severity }) => severity === 'error'))
    return { kind: 'faulty', diagnostics };
  try {
    const source = text.replaceAll('\r\n', '\n').replace(/(?<!\n)$/, '\n');
    const laid = layOut(source);
    const isSame = essenceOf(path, laid).essence === essenceOf(path, source).essence && layOut(laid) === laid;
    return isSame ? { kind: 'formatted', text: laid } : { kind: 'kept' };
  } catch (error) {
    if (error instanceof UnusualToken) return { kind: 'kept' };
    throw error;
  }
};

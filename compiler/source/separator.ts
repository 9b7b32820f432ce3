/** `key=value` and `key:value` on a line of its own, which YAML takes for a text. */
import type { Document, ParsedNode } from 'yaml';
import type { Report } from '../diagnostics/report.ts';
import { lineText, type SourceFile } from './source-file.ts';
import { inTexts } from './texts.ts';

const LINE = /^(\s*)(["']?[A-Za-z_][\w.-]*["']?)(\s*=\s*|:)(?=[^\s/])(.*?)\s*$/;

/** More than anybody reads. */
const MAX_TOLD = 100;

/** Whether a line is one of them. */
export const hasWrongSeparator = (file: SourceFile, line: number): boolean => LINE.test(lineText(file, line));

/** Reports every one of them: a file with one has others as a rule. */
export const reportSeparators = (
  document: Document.Parsed<ParsedNode>,
  file: SourceFile,
  report: Report,
): void => {
  const isInText = inTexts(document);
  let told = 0;
  for (const [line, lineStart] of file.lineStarts.entries()) {
    const match = LINE.exec(lineText(file, line));
    if (!match || isInText(lineStart + match[1]!.length)) continue;
    if (told++ === MAX_TOLD) return;
    const [whole, indent, key, sign, value] = match;
    const start = lineStart + indent!.length;
    const place = { file, start, end: lineStart + whole.trimEnd().length };
    const meant = `${key}: ${value}`;
    const problem =
      sign === ':' ? 'a blank is missing behind the `:`' : '`=` does not give a key its value, `:` does';
    const fixes = [{ place, text: meant, applicability: 'maybe' as const }];
    report('GW0008', place, { problem, help: `write \`${meant}\`` }, { fixes });
  }
};

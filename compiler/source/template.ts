/** `{{ .Values.port }}` and the like: signs that a file is still to be filled in by another program. */
import { type Document, isMap, type ParsedNode, visit } from 'yaml';
import type { Report } from '../diagnostics/report.ts';
import { lineIndexAt, type Place, type SourceFile } from './source-file.ts';
import { inTexts } from './texts.ts';

const TEMPLATE = /\{\{.*?\}\}|\{%.*?%\}/g;

/** Whether `{{ a }}` was read as a mapping in a mapping. */
const hasMapAsKey = (document: Document.Parsed<ParsedNode>): boolean => {
  let isFound = false;
  visit(document, {
    Pair: (_, { key }) => {
      if (isMap(key) && key.flow) isFound = true;
    },
  });
  return isFound;
};

/** Reports the first template of a file that is no YAML, or other YAML, for it; whether there is one. */
export const reportTemplate = (
  document: Document.Parsed<ParsedNode>,
  file: SourceFile,
  report: Report,
): boolean => {
  if (document.errors.length === 0 && !hasMapAsKey(document)) return false;
  const isInText = inTexts(document);
  for (const match of file.text.matchAll(TEMPLATE)) {
    const before = file.text.slice(file.lineStarts[lineIndexAt(file, match.index)], match.index);
    if (isInText(match.index) || /(?:^|\s)#/.test(before)) continue;
    const place: Place = { file, start: match.index, end: match.index + match[0].length };
    report('GW0021', place, { template: match[0] });
    return true;
  }
  return false;
};

/** A source line with a run of marks under a span. */
import type { Span } from '../../../schema/diagnostic.ts';
import { lineText, type SourceFile } from '../../source/source-file.ts';
import { displayText, displayWidth } from './display-width.ts';

const MAX_COLUMNS = 110;
const CONTEXT_COLUMNS = 40;

export interface Snippet {
  readonly source: string;
  /** Blanks, then the marks. */
  readonly marks: string;
}

/** The part of a long line that is shown: around the span. */
const windowOf = (line: string, from: number, to: number): { start: number; end: number } => {
  if (displayWidth(displayText(line)) <= MAX_COLUMNS) return { start: 0, end: line.length };
  const start = Math.max(0, from - CONTEXT_COLUMNS);
  return {
    start,
    end: Math.min(line.length, Math.max(to, from + 1, start + MAX_COLUMNS), from + MAX_COLUMNS),
  };
};

/** The line of a span and marks below it; of a span over several lines the first, to its end. */
export const snippetOf = (file: SourceFile, span: Span, mark: string): Snippet => {
  const line = lineText(file, span.line - 1);
  const from = Math.min(span.column - 1, line.length);
  const to = Math.max(
    from,
    span.endLine > span.line ? line.length : Math.min(span.endColumn - 1, line.length),
  );
  const { start, end } = windowOf(line, from, to);
  const before = start > 0 ? '…' : '';
  const after = end < line.length ? '…' : '';
  const blanks = displayWidth(before + displayText(line.slice(start, from)));
  const marked = displayWidth(displayText(line.slice(from, Math.min(to, end))));
  return {
    source: `${before}${displayText(line.slice(start, end))}${after}`,
    marks: `${' '.repeat(blanks)}${mark.repeat(Math.max(1, marked))}`,
  };
};

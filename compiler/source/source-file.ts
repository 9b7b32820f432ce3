/** A file of the configuration as text, and places in it. */
import type { Span } from '../../schema/diagnostic.ts';

export interface SourceFile {
  /** As shown in diagnostics. */
  readonly path: string;
  readonly text: string;
  /** Offset of the first character of each line. */
  readonly lineStarts: readonly number[];
}

/** A stretch of a file, from `start` up to but without `end`. */
export interface Place {
  readonly file: SourceFile;
  readonly start: number;
  readonly end: number;
}

const LINE_BREAK = /\r\n|\r|\n/g;

export const sourceFile = (path: string, text: string): SourceFile => ({
  path,
  text,
  lineStarts: [0, ...Array.from(text.matchAll(LINE_BREAK), (match) => match.index + match[0].length)],
});

/** Index into `lineStarts` of the line that holds `offset`. */
export const lineIndexAt = (file: SourceFile, offset: number): number => {
  let low = 0;
  let high = file.lineStarts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (file.lineStarts[middle]! <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
};

/** Text of a line, without its break. */
export const lineText = (file: SourceFile, index: number): string =>
  file.text.slice(file.lineStarts[index], file.lineStarts[index + 1]).replace(/[\r\n]+$/, '');

/** The span of a place; never empty on a line that has characters. */
export const spanOf = ({ file, start, end }: Place): Span => {
  const line = lineIndexAt(file, start);
  const endLine = lineIndexAt(file, Math.max(start, end));
  return {
    file: file.path,
    line: line + 1,
    column: start - file.lineStarts[line]! + 1,
    endLine: endLine + 1,
    endColumn: Math.max(start, end) - file.lineStarts[endLine]! + 1,
    offset: start,
    endOffset: Math.max(start, end),
  };
};

/** The findings of one compile. */
import type { Diagnostic } from '../../schema/diagnostic.ts';
import type { SourceFile } from '../source/source-file.ts';
import { diagnostic, type Report } from './report.ts';

export interface Findings {
  readonly report: Report;
  all(): readonly Diagnostic[];
  hasErrors(): boolean;
  /** Takes each finding for what `judge` makes of it; undefined takes it back. */
  rejudge(judge: (finding: Diagnostic) => Diagnostic | undefined): void;
  /** The files in which something was found. */
  files(): readonly SourceFile[];
}

export const createFindings = (): Findings => {
  const files = new Set<SourceFile>();
  let found: Diagnostic[] = [];
  return {
    report: (code, place, data, extras) => {
      found.push(diagnostic(code, place, data, extras));
      files.add(place.file);
    },
    all: () => found,
    hasErrors: () => found.some(({ severity }) => severity === 'error'),
    rejudge: (judge) => {
      found = found.map(judge).filter((finding) => finding !== undefined);
    },
    files: () => [...files],
  };
};

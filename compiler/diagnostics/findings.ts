/** The findings of one compile. */
import type { Diagnostic } from '../../schema/diagnostic.ts';
import { diagnostic, type Report } from './report.ts';

export interface Findings {
  readonly report: Report;
  all(): readonly Diagnostic[];
  hasErrors(): boolean;
  /** Takes findings back. */
  remove(isRemoved: (finding: Diagnostic) => boolean): void;
}

export const createFindings = (): Findings => {
  let found: Diagnostic[] = [];
  return {
    report: (code, place, data, extras) => {
      found.push(diagnostic(code, place, data, extras));
    },
    all: () => found,
    hasErrors: () => found.some(({ severity }) => severity === 'error'),
    remove: (isRemoved) => {
      found = found.filter((finding) => !isRemoved(finding));
    },
  };
};

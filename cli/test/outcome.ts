/** What came of a run of tests. */
import type { Coverage, CoverageItem } from '../../compiler/test-file/coverage.ts';
import type { CaseResult, SuiteResult } from '../../compiler/test-file/run-suite.ts';
import type { LoadedGraph } from '../load-graph.ts';

/** The tests that are about one configuration. */
export interface TestedConfiguration {
  readonly main: string;
  readonly loaded: LoadedGraph;
  readonly suites: readonly SuiteResult[];
  readonly coverage: Coverage;
}

export interface Totals {
  readonly cases: number;
  readonly failed: number;
}

export const failedIn = ({ results }: SuiteResult): readonly CaseResult[] =>
  results.filter(({ failures }) => failures.length > 0);

export const totalsOf = (tested: readonly TestedConfiguration[]): Totals => {
  const suites = tested.flatMap((each) => each.suites);
  return {
    cases: suites.reduce((sum, { results }) => sum + results.length, 0),
    failed: suites.reduce((sum, suite) => sum + failedIn(suite).length, 0),
  };
};

/** Coverage of all configurations together. */
export const coveredItems = (tested: readonly TestedConfiguration[]): readonly CoverageItem[] =>
  tested.flatMap(({ coverage }) => coverage.items());

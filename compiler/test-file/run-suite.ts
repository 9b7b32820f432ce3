/** Runs the tests of a file against the graph that it was read with. Sends nothing. */
import type { Trace, TraceVerdict } from '../../policies/trace/trace.ts';
import { prepareTracer } from '../../policies/trace/tracer.ts';
import type { Graph } from '../../schema/graph/graph.ts';
import type { Coverage } from './coverage.ts';
import { type Failure, judge } from './judge.ts';
import type { TestCase, TestSuite } from './suite.ts';

export interface CaseResult {
  readonly test: TestCase;
  /** Empty if it passed. */
  readonly failures: readonly Failure[];
  readonly verdict: TraceVerdict;
  /** Only of a test that failed: nobody looks at the others. */
  readonly trace?: Trace;
}

export interface SuiteResult {
  readonly suite: TestSuite;
  readonly results: readonly CaseResult[];
}

/** Runs the tests whose names `filter` admits, and tells `coverage` of each. */
export const runSuite = (
  suite: TestSuite,
  graph: Graph,
  filter: (name: string) => boolean,
  coverage: Coverage,
): SuiteResult => {
  const trace = prepareTracer(graph, suite.offers);
  const results = suite.cases
    .filter(({ name }) => filter(name))
    .map((test): CaseResult => {
      const traced = trace(test.request);
      coverage.add(traced);
      const failures = judge(traced, test.expect);
      const { verdict } = traced;
      return failures.length === 0 ? { test, failures, verdict } : { test, failures, verdict, trace: traced };
    });
  return { suite, results };
};

/** Results of tests as JSON. */
import { percentageOf } from '../../compiler/test-file/coverage.ts';
import type { CaseResult } from '../../compiler/test-file/run-suite.ts';
import { redactLine } from '../../runtime/observe/redact.ts';
import { lineContext } from '../trace/line-context.ts';
import { nearestPlace } from '../trace/places.ts';
import { traceJson } from '../trace/trace-json.ts';
import { clientSees } from '../trace/verdict-words.ts';
import { coveredItems, type TestedConfiguration, totalsOf } from './outcome.ts';

/** Changes when a field changes its meaning. */
const FORMAT_VERSION = 1;

const caseJson = (
  { test, failures, verdict, trace }: CaseResult,
  { loaded }: TestedConfiguration,
): object => {
  const { placeOf } = loaded;
  const context = lineContext(loaded);
  return {
    name: test.name,
    line: test.span.line,
    passed: failures.length === 0,
    verdict: { ...verdict, client: clientSees(verdict) ?? null },
    ...(trace === undefined ? {} : { failures, steps: traceJson(trace, { context, placeOf }).steps }),
  };
};

const coverageJson = (tested: readonly TestedConfiguration[]): object => ({
  percent: percentageOf(coveredItems(tested)),
  items: tested.flatMap(({ coverage, loaded }) =>
    coverage.items().map(({ kind, text, path, reached }) => {
      const span = nearestPlace(loaded.placeOf, path);
      return {
        kind,
        text,
        reached,
        place: span && { file: span.file, line: span.line, column: span.column },
      };
    }),
  ),
});

/** The whole report; the steps of tests that failed are told. */
export const jsonReport = (tested: readonly TestedConfiguration[], coverage: boolean): string => {
  const { cases, failed } = totalsOf(tested);
  const document = {
    formatVersion: FORMAT_VERSION,
    cases,
    failed,
    suites: tested.flatMap((each) =>
      each.suites.map(({ suite, results }) => ({
        file: suite.file,
        name: suite.name,
        configuration: each.main,
        hash: each.loaded.compiled.hash,
        cases: results.map((result) => caseJson(result, each)),
      })),
    ),
    ...(coverage ? { coverage: coverageJson(tested) } : {}),
  };
  return `${redactLine(JSON.stringify(document, undefined, 2))}\n`;
};

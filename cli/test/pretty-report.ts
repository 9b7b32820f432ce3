/** Results of tests for people: failures with the steps that led to them, then one line for each file. */
import { counted } from '../../compiler/diagnostics/entry.ts';
import { colorPaint, type Paint, plainPaint } from '../../compiler/diagnostics/render/style.ts';
import { type CoverageItem, percentageOf } from '../../compiler/test-file/coverage.ts';
import type { CaseResult } from '../../compiler/test-file/run-suite.ts';
import { redactLine } from '../../runtime/observe/redact.ts';
import { requestText } from '../explain/request-text.ts';
import { lineContext } from '../trace/line-context.ts';
import { nearestPlace, placeText } from '../trace/places.ts';
import { traceText } from '../trace/trace-text.ts';
import { clientText } from '../trace/verdict-words.ts';
import { coveredItems, failedIn, type TestedConfiguration, totalsOf } from './outcome.ts';

export interface PrettyOptions {
  readonly color: boolean;
  readonly coverage: boolean;
}

const caseText = (
  { test, failures, trace, verdict }: CaseResult,
  tested: TestedConfiguration,
  paint: Paint,
): string => {
  const { placeOf } = tested.loaded;
  const context = lineContext(tested.loaded);
  const client = clientText(verdict);
  return [
    `${paint('error', 'FAILED')} ${paint('strong', test.name)}  ${paint('place', placeText(test.span))}\n`,
    ...failures.map(({ expected, found }) => `  expected ${expected}\n  but ${redactLine(found)}\n`),
    `  ${redactLine(requestText(test.request))}:\n`,
    trace === undefined ? '' : traceText(trace, { context, placeOf, paint, indent: '    ' }),
    client === undefined ? '' : `  ${client}\n`,
    '\n',
  ].join('');
};

const unreachedText = (
  items: readonly CoverageItem[],
  { loaded }: TestedConfiguration,
  paint: Paint,
): string =>
  items
    .filter(({ reached }) => !reached)
    .map(({ text, path }) => {
      const span = nearestPlace(loaded.placeOf, path);
      return `  not reached: ${text}${span === undefined ? '' : `  ${paint('place', placeText(span))}`}\n`;
    })
    .join('');

const KINDS = ['route', 'rule'] as const;

const coverageLine = (items: readonly CoverageItem[]): string => {
  const parts = KINDS.map((kind) => {
    const own = items.filter((item) => item.kind === kind);
    return `${own.filter(({ reached }) => reached).length} of ${counted(own.length, kind)}`;
  });
  return `coverage: ${percentageOf(items).toFixed(1)}% (${parts.join(', ')})\n`;
};

const coverageText = (tested: readonly TestedConfiguration[], paint: Paint): string =>
  [
    '\n',
    ...tested.map((each) => unreachedText(each.coverage.items(), each, paint)),
    coverageLine(coveredItems(tested)),
  ].join('');

/** The whole report. */
export const prettyReport = (tested: readonly TestedConfiguration[], options: PrettyOptions): string => {
  const paint = options.color ? colorPaint : plainPaint;
  const failures = tested.flatMap((each) =>
    each.suites.flatMap((suite) => failedIn(suite).map((result) => caseText(result, each, paint))),
  );
  const files = tested.flatMap(({ suites }) =>
    suites.map((suite) => {
      const failed = failedIn(suite).length;
      const said = failed === 0 ? 'passed' : paint('error', `${failed} failed`);
      return `${suite.suite.file}: ${counted(suite.results.length, 'test')}, ${said}\n`;
    }),
  );
  const { cases, failed } = totalsOf(tested);
  const summary = `${counted(cases, 'test')}: ${cases - failed} passed, ${failed} failed\n`;
  return [
    ...failures,
    ...files,
    files.length > 1 ? summary : '',
    options.coverage ? coverageText(tested, paint) : '',
  ].join('');
};

/** Results of tests as a JUnit report. */
import { plainPaint } from '../../compiler/diagnostics/render/style.ts';
import { xmlAttribute, xmlText } from '../../compiler/diagnostics/render/xml.ts';
import type { CaseResult, SuiteResult } from '../../compiler/test-file/run-suite.ts';
import { redactLine } from '../../runtime/observe/redact.ts';
import { lineContext } from '../trace/line-context.ts';
import { traceText } from '../trace/trace-text.ts';
import { failedIn, type TestedConfiguration, totalsOf } from './outcome.ts';

const caseXml = (
  { test, failures, trace }: CaseResult,
  suite: SuiteResult,
  { loaded }: TestedConfiguration,
): string => {
  const { file, name } = suite.suite;
  const head = `    <testcase classname="${xmlAttribute(name)}" name="${xmlAttribute(test.name)}" file="${xmlAttribute(file)}" line="${test.span.line}"`;
  if (failures.length === 0) return `${head}/>`;
  const { placeOf } = loaded;
  const context = lineContext(loaded);
  const said = failures.map(({ expected, found }) => redactLine(`expected ${expected}, but ${found}`));
  const steps =
    trace === undefined ? '' : traceText(trace, { context, placeOf, paint: plainPaint, indent: '' });
  const failure = `      <failure message="${xmlAttribute(said[0] ?? '')}">${xmlText(`${said.join('\n')}\n${steps}`)}</failure>`;
  return [`${head}>`, failure, '    </testcase>'].join('\n');
};

const suiteXml = (suite: SuiteResult, tested: TestedConfiguration): string => {
  const counts = `tests="${suite.results.length}" failures="${failedIn(suite).length}" errors="0" skipped="0"`;
  return [
    `  <testsuite name="${xmlAttribute(suite.suite.name)}" ${counts}>`,
    ...suite.results.map((result) => caseXml(result, suite, tested)),
    '  </testsuite>',
  ].join('\n');
};

/** One report with one suite for each file. */
export const junitReport = (tested: readonly TestedConfiguration[]): string => {
  const { cases, failed } = totalsOf(tested);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="gatewright test" tests="${cases}" failures="${failed}" errors="0">`,
    ...tested.flatMap((each) => each.suites.map((suite) => suiteXml(suite, each))),
    '</testsuites>',
    '',
  ].join('\n');
};

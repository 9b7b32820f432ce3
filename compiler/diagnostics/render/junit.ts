/** Findings as a JUnit report: each file of the configuration is a test, which fails by what is wrong in it. */
import type { Diagnostic } from '../../../schema/diagnostic.ts';
import { summarize } from './pretty.ts';
import { xmlAttribute, xmlText } from './xml.ts';

export interface JunitOptions {
  /** Every file of the configuration, those without findings too. */
  readonly files: readonly string[];
  /** Whether a finding makes the command fail; the others are told as output. */
  readonly fails: (diagnostic: Diagnostic) => boolean;
}

const textOf = ({ code, severity, message, span, help, notes }: Diagnostic): string =>
  [
    `${span.file}:${span.line}:${span.column}: ${severity}[${code}]: ${message}`,
    ...help.map((line) => `  help: ${line}`),
    ...notes.map((line) => `  note: ${line}`),
  ].join('\n');

const textsOf = (diagnostics: readonly Diagnostic[]): string => xmlText(diagnostics.map(textOf).join('\n'));

/** One failure for all: readers of such reports take the first and leave the others. */
const failureOf = (failing: readonly Diagnostic[]): readonly string[] => {
  const [first] = failing;
  if (first === undefined) return [];
  const message = failing.length === 1 ? first.message : summarize(failing);
  return [
    `      <failure type="${xmlAttribute(first.code)}" message="${xmlAttribute(message)}">${textsOf(failing)}</failure>`,
  ];
};

const testcaseOf = (file: string, own: readonly Diagnostic[], { fails }: JunitOptions): string => {
  const told = own.filter((diagnostic) => !fails(diagnostic));
  const inner = [
    ...failureOf(own.filter(fails)),
    ...(told.length === 0 ? [] : [`      <system-out>${textsOf(told)}</system-out>`]),
  ];
  const name = xmlAttribute(file);
  const head = `    <testcase classname="gatewright.check" name="${name}" file="${name}"`;
  return inner.length === 0 ? `${head}/>` : [`${head}>`, ...inner, '    </testcase>'].join('\n');
};

/** One report with one suite. */
export const renderJunit = (diagnostics: readonly Diagnostic[], options: JunitOptions): string => {
  const files = [...new Set([...options.files, ...diagnostics.map(({ span }) => span.file)])];
  const byFile = Map.groupBy(diagnostics, ({ span }) => span.file);
  const failed = new Set(diagnostics.filter(options.fails).map(({ span }) => span.file)).size;
  const counts = `name="gatewright check" tests="${files.length}" failures="${failed}" errors="0"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${counts}>`,
    `  <testsuite ${counts} skipped="0">`,
    ...files.map((file) => testcaseOf(file, byFile.get(file) ?? [], options)),
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
};

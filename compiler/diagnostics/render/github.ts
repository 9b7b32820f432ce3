/** Findings as workflow commands of GitHub Actions, which shows them at the lines of a pull request. */
import { posix } from 'node:path';
import type { Diagnostic } from '../../../schema/diagnostic.ts';
import { CATALOGUE, type Code } from '../catalogue.ts';
import { displayText } from './display-width.ts';
import { summarize } from './pretty.ts';

const escapeData = (text: string): string =>
  text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');

const escapeProperty = (text: string): string =>
  escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');

/** A line of the log that the runner takes for no command, of the older form (`##[…]`) neither. */
const plainLine = (text: string): string => displayText(text).replaceAll('##[', '## [');

/** A path as the runner knows it: relative to the root of the checkout. */
const pathFrom = (folder: string, path: string): string =>
  posix.isAbsolute(path) ? path : posix.join(folder, path);

const commandOf = ({ code, severity, span, message, help, notes }: Diagnostic, folder: string): string => {
  const isOneLine = span.line === span.endLine;
  const properties: Readonly<Record<string, string | number>> = {
    title: `${code}: ${CATALOGUE[code as Code].title}`,
    file: pathFrom(folder, span.file),
    line: span.line,
    endLine: span.endLine,
    // Columns are taken only where the place is within one line; the last one counts in.
    ...(isOneLine ? { col: span.column, endColumn: Math.max(span.column, span.endColumn - 1) } : {}),
  };
  const told = Object.entries(properties).map(([name, value]) => `${name}=${escapeProperty(String(value))}`);
  const lines = [message, ...help.map((line) => `help: ${line}`), ...notes.map((line) => `note: ${line}`)];
  return `::${severity} ${told.join(',')}::${escapeData(lines.map(displayText).join('\n'))}`;
};

/**
 * One command for each finding, then a line that counts them. `folder` is where paths begin, below the root of the
 * checkout.
 */
export const renderGithub = (main: string, diagnostics: readonly Diagnostic[], folder = ''): string => {
  const commands = diagnostics.map((diagnostic) => commandOf(diagnostic, folder));
  const summary = plainLine(`gatewright: ${main}: ${summarize(diagnostics)}`);
  return `${[...commands, summary].join('\n')}\n`;
};

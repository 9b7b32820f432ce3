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

const commandOf = ({ code, severity, span, message, help, notes }: Diagnostic): string => {
  const isOneLine = span.line === span.endLine;
  const properties: Readonly<Record<string, string | number>> = {
    title: `${code}: ${CATALOGUE[code as Code].title}`,
    file: posix.normalize(span.file),
    line: span.line,
    endLine: span.endLine,
    // Columns are taken only where the place is within one line; the last one counts in.
    ...(isOneLine ? { col: span.column, endColumn: Math.max(span.column, span.endColumn - 1) } : {}),
  };
  const told = Object.entries(properties).map(([name, value]) => `${name}=${escapeProperty(String(value))}`);
  const lines = [message, ...help.map((line) => `help: ${line}`), ...notes.map((line) => `note: ${line}`)];
  return `::${severity} ${told.join(',')}::${escapeData(lines.map(displayText).join('\n'))}`;
};

/** One command for each finding, then a line that counts them. */
export const renderGithub = (main: string, diagnostics: readonly Diagnostic[]): string =>
  `${[...diagnostics.map(commandOf), plainLine(`gatewright: ${main}: ${summarize(diagnostics)}`)].join('\n')}\n`;

/** The page that lists all diagnostics, made from the catalogue. */
import { CATALOGUE } from '../../compiler/diagnostics/catalogue.ts';
import type { Entry } from '../../compiler/diagnostics/entry.ts';

/** The areas of codes by their first digit. */
const AREAS: Readonly<Record<string, string>> = {
  0: 'Syntax',
  1: 'Shape',
  2: 'References and graph',
  3: 'Values and expressions',
  4: 'Security posture',
  5: 'Environment',
  6: 'Reload and artifacts',
  7: 'Lock',
};

const severityText = ({ severity, inDevelopment }: Entry<never>): string =>
  inDevelopment === undefined || inDevelopment === severity
    ? severity
    : `${severity}; ${inDevelopment} in development`;

export const diagnosticIndex = (): string => {
  const codes = Object.entries(CATALOGUE as Readonly<Record<string, Entry<never>>>).sort(([a], [b]) =>
    a < b ? -1 : 1,
  );
  const areas = Map.groupBy(codes, ([code]) => code.charAt('GW'.length));
  const sections = Array.from(areas, ([digit, entries]) => [
    `## ${AREAS[digit] ?? digit}`,
    '',
    '| code | finding | severity |',
    '|---|---|---|',
    ...entries.map(
      ([code, entry]) => `| [${code}](diagnostics/${code}.md) | ${entry.title} | ${severityText(entry)} |`,
    ),
    '',
  ]);
  return [
    '<!-- Made by `npm run docs` from compiler/diagnostics. -->',
    '# Diagnostics',
    '',
    'Every finding of the compiler. `gatewright explain-code <code>` prints the page of one.',
    '',
    ...sections.flat(),
  ]
    .join('\n')
    .replace(/\n+$/, '\n');
};

/** Findings as a SARIF 2.1.0 log, for code scanning services and editors. */

import { posix } from 'node:path';
import type { Diagnostic, Fix, Span } from '../../../schema/diagnostic.ts';
import { escapeHidden } from '../../../schema/hidden-characters.ts';
import { CATALOGUE, type Code } from '../catalogue.ts';
import type { Entry } from '../entry.ts';

export interface SarifOptions {
  /** Version of the product. */
  readonly version: string;
  /** The page of a code as Markdown; undefined if there is none at hand. */
  readonly pageOf: (code: string) => string | undefined;
}

const SCHEMA = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json';

/** What a relative path is relative to: the root of the checkout, in the words of SARIF. */
const BASE = '%SRCROOT%';

/**
 * What SARIF would read in a text as a placeholder (`{0}`) or as a link is escaped as it wants; other braces and
 * brackets stay as they are, since viewers show escapes that they do not need.
 */
const messageText = (text: string): string =>
  text.replace(/\{(\d+)\}/g, '{{$1}}').replace(/\[([^\]\n]*)\]\(/g, '\\[$1\\](');

const encodeStep = (step: string): string => encodeURIComponent(step).replaceAll('%40', '@');

/** A path as a URI: of a file if it is absolute, else relative to the root of the checkout. */
const artifactLocation = (path: string): object => {
  const uri = posix.normalize(path.toWellFormed()).split('/').map(encodeStep).join('/');
  return path.startsWith('/') ? { uri: `file://${uri}` } : { uri, uriBaseId: BASE };
};

const regionOf = ({ line, column, endLine, endColumn }: Span): object => ({
  startLine: line,
  startColumn: column,
  endLine,
  endColumn,
});

const physicalLocation = (span: Span): object => ({
  artifactLocation: artifactLocation(span.file),
  region: regionOf(span),
});

const replacementOf = ({ span, text }: Fix): object => ({
  deletedRegion: regionOf(span),
  insertedContent: { text },
});

const fixOf = ({ fixes, help }: Diagnostic): object => ({
  description: { text: messageText(help[0] ?? 'mend it') },
  artifactChanges: Array.from(
    Map.groupBy(fixes, ({ span }) => span.file),
    ([file, own]) => ({
      artifactLocation: artifactLocation(file),
      replacements: own.map(replacementOf),
    }),
  ),
});

/** The finding in one text: most viewers show no other member. */
const fullMessage = ({ message, help, notes }: Diagnostic): string =>
  messageText(
    [message, ...help.map((line) => `help: ${line}`), ...notes.map((line) => `note: ${line}`)].join('\n'),
  );

const resultOf = (diagnostic: Diagnostic, ruleIndex: number): object => {
  const { code, severity, span, labels, fixes } = diagnostic;
  const related = labels.map((label, id) => ({
    id,
    physicalLocation: physicalLocation(label.span),
    message: { text: messageText(label.text) },
  }));
  return {
    ruleId: code,
    ruleIndex,
    level: severity,
    message: { text: fullMessage(diagnostic) },
    locations: [{ physicalLocation: physicalLocation(span) }],
    ...(related.length === 0 ? {} : { relatedLocations: related }),
    ...(fixes.length === 0 ? {} : { fixes: [fixOf(diagnostic)] }),
  };
};

/** The prose of a page: what stands between its title and its example. */
const proseOf = (page: string): string =>
  page
    .replace(/^# .*\n/, '')
    .split('\n## ')[0]!
    .trim();

const ruleOf = (code: string, { pageOf }: SarifOptions): object => {
  const { title, severity, lowerable } = CATALOGUE[code as Code] as Entry<never>;
  const page = pageOf(code);
  const prose = page === undefined ? title : proseOf(page);
  const full = prose.split('\n\n')[0]!.replaceAll('\n', ' ');
  return {
    id: code,
    name: title
      .replaceAll(/[^A-Za-z0-9]+(.)?/g, (_, next: string | undefined) => next?.toUpperCase() ?? '')
      .replace(/^./, (first) => first.toUpperCase()),
    shortDescription: { text: title },
    fullDescription: { text: full },
    help: { text: prose, markdown: page ?? prose },
    helpUri: `urn:gatewright:diagnostic:${code}`,
    defaultConfiguration: { level: severity },
    properties: {
      tags: lowerable === true ? ['security'] : ['configuration'],
      explain: `gatewright explain-code ${code}`,
    },
  };
};

/** One SARIF log with one run. Rules are those that have results. */
export const renderSarif = (diagnostics: readonly Diagnostic[], options: SarifOptions): string => {
  const codes = [...new Set(diagnostics.map(({ code }) => code))].sort();
  const log = {
    $schema: SCHEMA,
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'gatewright',
            semanticVersion: options.version,
            rules: codes.map((code) => ruleOf(code, options)),
          },
        },
        columnKind: 'utf16CodeUnits',
        invocations: [{ executionSuccessful: true }],
        results: diagnostics.map((diagnostic) => resultOf(diagnostic, codes.indexOf(diagnostic.code))),
      },
    ],
  };
  return `${escapeHidden(JSON.stringify(log, null, 2))}\n`;
};

/** Findings for programs: the same records, in a shape that carries its version. */

import type { Diagnostic } from '../../../schema/diagnostic.ts';
import { escapeHidden } from '../../../schema/hidden-characters.ts';
import { CATALOGUE, type Code } from '../catalogue.ts';

/** Changes when a member changes its meaning or goes; new members may come without. */
const FORMAT_VERSION = 1;

const titleOf = (code: string): string =>
  Object.hasOwn(CATALOGUE, code) ? CATALOGUE[code as Code].title : '';

/** One JSON document. `hash` is that of the graph, null if there is none. */
export const renderJson = (
  main: string,
  diagnostics: readonly Diagnostic[],
  hash: string | undefined,
): string => {
  const count = (severity: Diagnostic['severity']) =>
    diagnostics.filter((diagnostic) => diagnostic.severity === severity).length;
  const document = {
    formatVersion: FORMAT_VERSION,
    file: main,
    hash: hash ?? null,
    errors: count('error'),
    warnings: count('warning'),
    diagnostics: diagnostics.map((diagnostic) => ({
      code: diagnostic.code,
      severity: diagnostic.severity,
      title: titleOf(diagnostic.code),
      message: diagnostic.message,
      span: diagnostic.span,
      label: diagnostic.label ?? null,
      labels: diagnostic.labels,
      help: diagnostic.help,
      notes: diagnostic.notes,
      fixes: diagnostic.fixes,
      docs: `docs/diagnostics/${diagnostic.code}.md`,
    })),
  };
  return `${escapeHidden(JSON.stringify(document, null, 2))}\n`;
};

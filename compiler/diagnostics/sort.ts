/** The order in which findings are told. */
import type { Diagnostic } from '../../schema/diagnostic.ts';

const compare = (a: string | number, b: string | number): number => (a < b ? -1 : a > b ? 1 : 0);

const identity = ({ code, span, message }: Diagnostic): string =>
  `${code} ${span.file} ${span.offset} ${span.endOffset} ${message}`;

/** By place, each once; files in the order in which they were read. */
export const sortDiagnostics = (
  diagnostics: readonly Diagnostic[],
  files: readonly { readonly path: string }[],
): readonly Diagnostic[] => {
  const order = new Map(files.map(({ path }, index) => [path, index]));
  const unique = new Map(diagnostics.map((diagnostic) => [identity(diagnostic), diagnostic]));
  return [...unique.values()].sort(
    (a, b) =>
      compare(order.get(a.span.file) ?? 0, order.get(b.span.file) ?? 0) ||
      compare(a.span.offset, b.span.offset) ||
      compare(a.span.endOffset, b.span.endOffset) ||
      compare(a.code, b.code) ||
      compare(a.message, b.message),
  );
};

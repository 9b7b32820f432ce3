/** Brackets, braces and quotes that nothing closes. */
import { type Document, isScalar, type ParsedNode, visit } from 'yaml';
import type { SourceFile } from './source-file.ts';

const isQuoteOpen = (written: string): boolean =>
  /^["']/.test(written) && (written.length < 2 || written.at(-1) !== written[0]);

/** Where the last thing is opened that is never closed. */
export const unclosedAt = (document: Document.Parsed<ParsedNode>, file: SourceFile): number | undefined => {
  let start: number | undefined;
  visit(document, {
    Node: (_, node) => {
      const { range, srcToken } = node as ParsedNode;
      if (!range) return;
      const isOpen = isScalar(node)
        ? isQuoteOpen(file.text.slice(range[0], range[1]).trimEnd())
        : srcToken?.type === 'flow-collection' &&
          !srcToken.end.some(({ type }) => /^flow-.*-end$/.test(type));
      if (isOpen) start = Math.max(start ?? 0, range[0]);
    },
  });
  return start;
};

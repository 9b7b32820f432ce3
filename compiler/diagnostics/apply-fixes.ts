/** Mends a file by the fixes of its findings. */
import type { Diagnostic, Fix } from '../../schema/diagnostic.ts';

/**
 * The text of `path` with every fix of its findings applied, and how many there were. Of fixes that overlap the
 * first counts; a finding whose fixes are not all in this file is left alone.
 */
export const applyFixes = (
  path: string,
  text: string,
  diagnostics: readonly Diagnostic[],
): { readonly text: string; readonly applied: number } => {
  const fixes = diagnostics
    .filter(({ fixes: own }) => own.every(({ span }) => span.file === path))
    .flatMap(({ fixes: own }) => own)
    .sort((a, b) => a.span.offset - b.span.offset);
  const chosen: Fix[] = [];
  for (const fix of fixes) if (fix.span.offset >= (chosen.at(-1)?.span.endOffset ?? 0)) chosen.push(fix);
  let mended = '';
  let at = 0;
  for (const { span, text: replacement } of chosen) {
    mended += text.slice(at, span.offset) + replacement;
    at = span.endOffset;
  }
  return { text: mended + text.slice(at), applied: chosen.length };
};

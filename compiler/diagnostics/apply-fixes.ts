/** Mends a file by the fixes of its findings. */
import type { Diagnostic, Fix } from '../../schema/diagnostic.ts';

/** `always`: only what was meant without doubt; `maybe`: guesses too. */
export type Daring = Fix['applicability'];

/** Whether the finding has fixes, and all of them may be applied. */
export const isMendable = ({ fixes }: Diagnostic, daring: Daring): boolean =>
  fixes.length > 0 && (daring === 'maybe' || fixes.every(({ applicability }) => applicability === 'always'));

const overlaps = (a: Fix, b: Fix): boolean =>
  a.span.offset < b.span.endOffset && b.span.offset < a.span.endOffset;

const isSameEdit = (a: Fix, b: Fix): boolean =>
  a.span.offset === b.span.offset && a.span.endOffset === b.span.endOffset;

/**
 * The text of `path` with the findings mended that may be, and how many those are. A finding is mended by all of its
 * fixes or not at all: not where one lies in another file, nor where one overlaps that of a finding before it.
 */
export const applyFixes = (
  path: string,
  text: string,
  diagnostics: readonly Diagnostic[],
  daring: Daring,
): { readonly text: string; readonly applied: number } => {
  const chosen: Fix[] = [];
  let applied = 0;
  for (const diagnostic of diagnostics) {
    const { fixes } = diagnostic;
    if (!isMendable(diagnostic, daring) || !fixes.every(({ span }) => span.file === path)) continue;
    const isTaken = fixes.some((fix) =>
      chosen.some((other) => overlaps(fix, other) || isSameEdit(fix, other)),
    );
    if (isTaken) continue;
    chosen.push(...fixes);
    applied += 1;
  }
  chosen.sort((a, b) => a.span.offset - b.span.offset);
  let mended = '';
  let at = 0;
  for (const { span, text: replacement } of chosen) {
    mended += text.slice(at, span.offset) + replacement;
    at = span.endOffset;
  }
  return { text: mended + text.slice(at), applied };
};

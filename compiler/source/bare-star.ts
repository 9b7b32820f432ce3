/** `[*]` is no YAML: a `*` starts an alias, whose name is missing. Where one stands alone, a text was meant. */
import type { Document, ParsedNode } from 'yaml';
import type { Report } from '../diagnostics/report.ts';
import type { Place, SourceFile } from './source-file.ts';

/** Stands for a `*` that YAML shall take for a text. */
const STAND_IN = '\uE008';

/** More than anybody reads. */
const MAX_TOLD = 100;

/** Reports each `*` that stands alone without quotes; their places. */
export const reportBareStars = (
  document: Document.Parsed<ParsedNode>,
  file: SourceFile,
  report: Report,
): readonly Place[] =>
  document.errors
    .filter(({ code, pos }) => code === 'BAD_ALIAS' && file.text[pos[0]] === '*')
    .sort((a, b) => a.pos[0] - b.pos[0])
    .map(({ pos }, index) => {
      const place = { file, start: pos[0], end: pos[0] + 1 };
      if (index >= MAX_TOLD) return place;
      const fixes = [{ place, text: '"*"', applicability: 'always' as const }];
      report('GW0014', place, { problem: 'a `*` without quotes starts an alias', quoted: '"*"' }, { fixes });
      return place;
    });

/** The text with stand-ins of the same length. */
export const hideStars = (text: string, stars: readonly Place[]): string => {
  let hidden = '';
  let at = 0;
  for (const { start, end } of stars) {
    hidden += text.slice(at, start) + STAND_IN;
    at = end;
  }
  return hidden + text.slice(at);
};

/** A value as it was before {@link hideStars}. */
export const revealStars = (value: string): string => value.replaceAll(STAND_IN, '*');

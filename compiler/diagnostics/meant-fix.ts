/** The fix of a misspelt word. */
import type { Place } from '../source/source-file.ts';
import { isSlip } from './nearest.ts';
import type { ProposedFix } from './report.ts';

/** What YAML of every version reads as a text without quotes. */
const PLAIN = /^(?!(?:true|false|null|yes|no|on|off|y|n|~)$)[A-Za-z_*][\w*./-]*$/i;

const written = (word: string): string => (PLAIN.test(word) ? word : JSON.stringify(word));

/** Writes `meant` in the place of `word`; without doubt if one slip of the hand explains it. */
export const meantFix = (
  place: Place,
  word: string,
  meant: string | undefined,
  candidates: Iterable<string>,
): readonly ProposedFix[] => {
  if (meant === undefined) return [];
  return [
    { place, text: written(meant), applicability: isSlip(word, meant, candidates) ? 'always' : 'maybe' },
  ];
};

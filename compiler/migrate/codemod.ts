/** A change of spelling from one version of the language to the next, on the syntax tree: nothing else is touched. */
import type { Place } from '../source/source-file.ts';
import type { SourceMap } from '../source/tree.ts';

export interface Edit {
  readonly place: Place;
  /** What stands in the place from now on. */
  readonly text: string;
}

/** The edits that a file needs; none where it is as it should be. */
export type Codemod = (root: SourceMap) => readonly Edit[];

/** How a word is compared with others that differ in their letter case and in what parts them. */
export const lettersOf = (word: string): string => word.replace(/[-_\s]/g, '').toLowerCase();

/** Blanks that look like spaces and are none to YAML, as web pages and word processors leave them. */
import type { Document, ParsedNode } from 'yaml';
import type { Report } from '../diagnostics/report.ts';
import { type Place, type SourceFile, sourceFile } from './source-file.ts';
import { inTexts } from './texts.ts';

/** No-break, ideographic and other spaces of a width of their own, and the mark of no width at all. */
const FOREIGN = '\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000\ufeff';
/** Where YAML needs blanks: before a line's first character, and behind its `-` and `:`. */
const STRUCTURAL = new RegExp(
  `^[ \\t]*[${FOREIGN}][ \\t${FOREIGN}]*|^[ ]*(?:-[ ]+)*(?:-|["']?[A-Za-z0-9_.-]+["']?:)[${FOREIGN}]+`,
  'gm',
);
const RUN = new RegExp(`[${FOREIGN}]+`, 'g');

const NAMES: Readonly<Record<string, string>> = {
  '\u00a0': 'a no-break space',
  '\u200b': 'a space of no width',
  '\u3000': 'an ideographic space',
  '\ufeff': 'a byte order mark',
};

const nameOf = (character: string): string =>
  NAMES[character] ?? `the blank U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;

/** More than anybody reads. */
const MAX_TOLD = 100;

const fixOf = (place: Place) => ({
  place,
  text: ' '.repeat(place.end - place.start),
  applicability: 'always' as const,
});

/** The file with such blanks as spaces, each line reported; the file itself if there are none. */
export const withOwnBlanks = (
  document: Document.Parsed<ParsedNode>,
  file: SourceFile,
  report: Report,
): SourceFile => {
  const matches = [...file.text.matchAll(STRUCTURAL)];
  if (matches.length === 0) return file;
  const isInText = inTexts(document);
  let text = '';
  let at = 0;
  let told = 0;
  for (const match of matches) {
    const end = match.index + match[0].length;
    if (isInText(end - 1)) continue;
    const places = Array.from(match[0].matchAll(RUN), (run) => {
      const start = match.index + run.index;
      return { file, start, end: start + run[0].length };
    });
    const [first] = places;
    if (told++ < MAX_TOLD)
      report('GW0023', first!, { name: nameOf(file.text[first!.start]!) }, { fixes: places.map(fixOf) });
    text += file.text.slice(at, match.index) + match[0].replace(RUN, (run) => ' '.repeat(run.length));
    at = end;
  }
  return at === 0 ? file : sourceFile(file.path, text + file.text.slice(at));
};

/**
 * `{ a: ${env:X} }` is no YAML: inside `{ }` and `[ ]` the brace of the reference starts a mapping. Finds such
 * references in a document that failed, so that they get a finding of their own and the rest can be read.
 */
import { Lexer } from 'yaml';
import type { Place, SourceFile } from './source-file.ts';

export interface UnquotedReference {
  readonly place: Place;
  readonly reference: string;
  readonly quoted: string;
}

/**
 * From the start of a plain scalar over all its references. Flow indicators end it, and so do a comment, a line
 * break and the `:` of a key; blanks within do not, as in `Bearer ${env:X}`.
 */
const TEXT = String.raw`(?:[^\s,[\]{}$:]|:(?![\s,[\]{}])|\$(?!\{)|[ \t]+(?=[^\s,[\]{}#]))*`;
const SCALAR_WITH_REFERENCES = new RegExp(String.raw`${TEXT}(?:\$\{[^}\n]*\}${TEXT})+`, 'y');

/** What the lexer puts before a scalar; its other signs of control stand for no text either. */
const SCALAR = '\u001F';
const CONTROLS: ReadonlySet<string> = new Set(['\u0002', '\u0018', SCALAR]);

/** Stand-ins of the same length for the characters that YAML would take for structure. */
const STAND_INS: Readonly<Record<string, string>> = {
  '{': '\uE000',
  '}': '\uE001',
  ',': '\uE002',
  '[': '\uE003',
  ']': '\uE004',
  ' ': '\uE005',
  '#': '\uE006',
  ':': '\uE007',
};

const ORIGINALS = Object.fromEntries(
  Object.entries(STAND_INS).map(([original, standIn]) => [standIn, original]),
);

/** Where plain scalars start that break off between the `$` and the `{` of a reference. */
const brokenScalars = (text: string): readonly number[] => {
  const found: number[] = [];
  let at = 0;
  let scalar: { readonly start: number; readonly end: number } | undefined;
  let isScalar = false;
  for (const token of new Lexer().lex(text)) {
    if (CONTROLS.has(token)) {
      isScalar = token === SCALAR;
      continue;
    }
    if (token === '{' && scalar?.end === at) found.push(scalar.start);
    const end = at + token.length;
    scalar = isScalar && token.endsWith('$') && /^[^"']/.test(token) ? { start: at, end } : undefined;
    isScalar = false;
    at = end;
  }
  return found;
};

/** Unquoted references of a file that has syntax errors, by place. */
export const unquotedReferences = (file: SourceFile): readonly UnquotedReference[] => {
  const found: UnquotedReference[] = [];
  // A scalar with several references breaks off at each of them; the first stands for all.
  let covered = 0;
  for (const start of brokenScalars(file.text)) {
    SCALAR_WITH_REFERENCES.lastIndex = start;
    const reference = start < covered ? undefined : SCALAR_WITH_REFERENCES.exec(file.text)?.[0];
    if (reference === undefined) continue;
    const quoted = reference.includes('"') ? `'${reference.replaceAll("'", "''")}'` : `"${reference}"`;
    covered = start + reference.length;
    found.push({ place: { file, start, end: covered }, reference, quoted });
  }
  return found;
};

/** The text with each unquoted reference as a plain scalar of the same length. */
export const hideReferences = (text: string, unquoted: readonly UnquotedReference[]): string => {
  let hidden = '';
  let at = 0;
  for (const { place, reference } of unquoted) {
    hidden +=
      text.slice(at, place.start) + reference.replace(/[{},[\] #:]/g, (character) => STAND_INS[character]!);
    at = place.end;
  }
  return hidden + text.slice(at);
};

/** A value as it was before {@link hideReferences}. */
export const revealReferences = (value: string): string =>
  value.replace(/[\uE000-\uE007]/g, (standIn) => ORIGINALS[standIn]!);

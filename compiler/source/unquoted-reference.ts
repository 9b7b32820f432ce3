/**
 * `{ a: ${env:X} }` is no YAML: inside `{ }` and `[ ]` the brace of the reference starts a mapping. Finds such
 * references in a document that failed, so that they get a finding of their own and the rest can be read.
 */
import { type Document, isScalar, type ParsedNode, visit } from 'yaml';
import type { Place, SourceFile } from './source-file.ts';

export interface UnquotedReference {
  readonly place: Place;
  readonly reference: string;
  readonly quoted: string;
}

/** From the start of the scalar over all its references; blanks and flow indicators end it. */
const SCALAR_WITH_REFERENCES = /(?:[^\s,[\]{}$]|\$(?!\{))*(?:\$\{[^}\n]*\}(?:[^\s,[\]{}$]|\$(?!\{))*)+/y;

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

/** Unquoted references of a document that has syntax errors, by place. */
export const unquotedReferences = (
  document: Document.Parsed<ParsedNode>,
  file: SourceFile,
): readonly UnquotedReference[] => {
  const found = new Map<number, UnquotedReference>();
  visit(document, {
    Node: (_, node) => {
      if (!isScalar(node) || node.type !== 'PLAIN' || !node.range) return;
      const [start, end] = node.range;
      if (file.text[end - 1] !== '$' || file.text[end] !== '{') return;
      SCALAR_WITH_REFERENCES.lastIndex = start;
      const reference = SCALAR_WITH_REFERENCES.exec(file.text)?.[0];
      if (reference === undefined) return;
      const quoted = reference.includes('"') ? `'${reference.replaceAll("'", "''")}'` : `"${reference}"`;
      found.set(start, { place: { file, start, end: start + reference.length }, reference, quoted });
    },
  });
  const sorted = [...found.values()].sort((a, b) => a.place.start - b.place.start);
  // A scalar with several references is found at each of them; the first stands for all.
  let end = 0;
  return sorted.filter(({ place }) => {
    if (place.start < end) return false;
    end = place.end;
    return true;
  });
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

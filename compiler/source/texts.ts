/** The texts of a document that are in quotes or blocks: whatever stands in them is no structure. */
import { type Document, type ParsedNode, visit } from 'yaml';

/** Whether an offset lies within one of them. */
export const inTexts = (document: Document.Parsed<ParsedNode>): ((offset: number) => boolean) => {
  const texts: (readonly [start: number, end: number])[] = [];
  visit(document, {
    Scalar: (_, { type, range }) => {
      if (range && type !== 'PLAIN') texts.push([range[0], range[1]]);
    },
  });
  texts.sort(([a], [b]) => a - b);
  return (offset) => {
    let low = 0;
    let high = texts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (texts[middle]![0] <= offset) low = middle + 1;
      else high = middle;
    }
    const text = texts[low - 1];
    return text !== undefined && offset < text[1];
  };
};

/** A change within a scalar's value, as a change of the file. */
import { placeInScalar } from './scalar-offset.ts';
import type { Place } from './source-file.ts';
import type { SourceScalar } from './tree.ts';

/** Whether a text can stand without quotes, in braces too. */
const isPlain = (text: string): boolean =>
  /^[A-Za-z_(][\s\S]*\S$/.test(text) && !/:\s|:$|\s#|[,[\]{}]/.test(text);

/** The place and the new text for `length` units from `offset` of a value that become `text`. */
export const changeInScalar = (
  scalar: SourceScalar,
  offset: number,
  length: number,
  text: string,
): { readonly place: Place; readonly text: string } => {
  const place = placeInScalar(scalar, offset, length);
  switch (scalar.style) {
    case 'single':
      return { place, text: text.replaceAll("'", "''") };
    case 'double':
      return { place, text: JSON.stringify(text).slice(1, -1) };
    case 'block':
      return { place, text };
    case 'plain': {
      const value = String(scalar.value);
      const changed = value.slice(0, offset) + text + value.slice(offset + length);
      return isPlain(changed) ? { place, text } : { place: scalar.place, text: JSON.stringify(changed) };
    }
  }
};

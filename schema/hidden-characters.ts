/** Characters that people do not see, or that change how what they see is laid out. */

/**
 * Controls, blanks other than the space, zero widths, bidirectional controls, variation selectors, tags, private use;
 * first and last code points. Written out: what a property of Unicode covers differs from one Node.js to the next.
 */
const HIDDEN_RANGES: readonly (readonly [first: number, last: number])[] = [
  [0x00, 0x1f],
  [0x7f, 0xa0],
  [0xad, 0xad],
  [0x34f, 0x34f],
  [0x61c, 0x61c],
  [0x115f, 0x1160],
  [0x1680, 0x1680],
  [0x17b4, 0x17b5],
  [0x180b, 0x180f],
  [0x2000, 0x200f],
  [0x2028, 0x202f],
  [0x205f, 0x206f],
  [0x2800, 0x2800],
  [0x3000, 0x3000],
  [0x3164, 0x3164],
  [0xd800, 0xf8ff],
  [0xfe00, 0xfe0f],
  [0xfeff, 0xfeff],
  [0xffa0, 0xffa0],
  [0xfff0, 0xffff],
  [0x1bca0, 0x1bca3],
  [0x1d173, 0x1d17a],
  [0xe0000, 0x10ffff],
];

const codePoint = (value: number): string => `\\u{${value.toString(16)}}`;

const HIDDEN = new RegExp(
  `[${HIDDEN_RANGES.map(([first, last]) => `${codePoint(first)}-${codePoint(last)}`).join('')}]`,
  'gu',
);

const escaped = (text: string): string =>
  Array.from(
    { length: text.length },
    (_, at) => `\\u${text.charCodeAt(at).toString(16).padStart(4, '0')}`,
  ).join('');

/** The text with hidden characters as `\uXXXX`, but for line breaks. */
export const escapeHidden = (text: string): string =>
  text.replace(HIDDEN, (found) => (found === '\n' ? found : escaped(found)));

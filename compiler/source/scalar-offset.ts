/** From an offset in a scalar's value to the place in the file. */
import type { Place } from './source-file.ts';
import type { SourceScalar } from './tree.ts';

/** What stands for one or two UTF-16 units of the value; as white space for one or none, as an escaped break for none. */
interface Piece {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  /** White space, which folding and indentation may take away. */
  readonly isSpace: boolean;
}

const ESCAPE_LENGTHS: Readonly<Record<string, number>> = { x: 4, u: 6, U: 10 };

/** YAML 1.2.2, 5.7; other characters stand for themselves. */
const ESCAPED: Readonly<Record<string, string>> = {
  '0': '\0',
  a: '\x07',
  b: '\b',
  t: '\t',
  n: '\n',
  v: '\v',
  f: '\f',
  r: '\r',
  e: '\x1b',
  N: '\x85',
  _: '\xa0',
  L: '\u2028',
  P: '\u2029',
};

const escapeAt = (written: string, start: number): Piece => {
  const kind = written[start + 1] ?? '';
  const end = start + (ESCAPE_LENGTHS[kind] ?? 2);
  const hex = kind in ESCAPE_LENGTHS ? Number.parseInt(written.slice(start + 2, end), 16) : undefined;
  const text = hex === undefined ? (ESCAPED[kind] ?? kind) : String.fromCodePoint(hex);
  return { start, end, text: /[\r\n]/.test(kind) ? '' : text, isSpace: /^[ \t\r\n]$/.test(text) };
};

const pieceAt = ({ written, style }: SourceScalar, start: number): Piece => {
  const text = written[start]!;
  if (style === 'double' && text === '\\') return escapeAt(written, start);
  const end = style === 'single' && written.startsWith("''", start) ? start + 2 : start + 1;
  return { start, end, text, isSpace: /[ \t\r\n]/.test(text) };
};

/** Where the text itself starts and ends in what is written: without quotes or the header of a block. */
const bodyOf = ({ written, style }: SourceScalar): readonly [start: number, end: number] => {
  if (style === 'plain') return [0, written.length];
  if (style !== 'block') return [1, written.length - 1];
  const header = written.indexOf('\n');
  return [header === -1 ? written.length : header + 1, written.length];
};

/**
 * Where each UTF-16 unit of the value is written: white space may be folded away or be indentation, everything else
 * stands in the same order on both sides. Undefined if it does not.
 */
const tracedUnits = (scalar: SourceScalar): readonly Piece[] | undefined => {
  const value = String(scalar.value);
  const units: Piece[] = [];
  let [at, end] = bodyOf(scalar);
  while (units.length < value.length) {
    const wanted = value[units.length]!;
    const piece = at < end ? pieceAt(scalar, at) : undefined;
    if (piece?.isSpace && (piece.text === '' || !/[ \t\n]/.test(wanted))) {
      at = piece.end;
    } else if (piece !== undefined && (piece.isSpace || value.startsWith(piece.text, units.length))) {
      at = piece.end;
      for (let unit = 0; unit < piece.text.length; unit++) units.push(piece);
    } else if (/[ \t\n]/.test(wanted)) {
      units.push({ start: at, end: at, text: '', isSpace: true });
    } else return undefined;
  }
  return units;
};

/**
 * The place of `length` units from `offset` of a scalar's value, over several lines too. The whole scalar, or the
 * header of a block scalar, where its value is not what is written.
 */
export const placeInScalar = (scalar: SourceScalar, offset: number, length: number): Place => {
  const { place, written } = scalar;
  const units = tracedUnits(scalar);
  if (units === undefined) return place;
  const from = place.start;
  const end = units.at(-1)?.end ?? written.length;
  const start = units[offset]?.start ?? end;
  const last = length === 0 ? start : (units[offset + length - 1]?.end ?? end);
  return { file: place.file, start: from + start, end: from + Math.max(last, start) };
};

/** From an offset in a scalar's value to the place in the file. */
import type { Place } from './source-file.ts';
import type { SourceScalar } from './tree.ts';

const ESCAPE_LENGTHS: Readonly<Record<string, number>> = { x: 4, u: 6, U: 10 };

/** Source offset of each UTF-16 unit of a quoted or plain scalar on one line, relative to its start. */
const offsetsOf = ({ written, style }: SourceScalar): readonly number[] => {
  const offsets: number[] = [];
  const end = style === 'plain' ? written.length : written.length - 1;
  let at = style === 'plain' ? 0 : 1;
  while (at < end) {
    offsets.push(at);
    if (style === 'single' && written.startsWith("''", at)) at += 2;
    else if (style === 'double' && written[at] === '\\') {
      const length = ESCAPE_LENGTHS[written[at + 1]!] ?? 2;
      const isPair = length === 10 && Number.parseInt(written.slice(at + 2, at + 10), 16) > 0xffff;
      if (isPair) offsets.push(at);
      at += length;
    } else at++;
  }
  return [...offsets, end];
};

/**
 * The place of `length` units from `offset` of a scalar's value. The whole scalar, or the header of a block scalar,
 * where units cannot be traced: over several lines.
 */
export const placeInScalar = (scalar: SourceScalar, offset: number, length: number): Place => {
  const { place, written, style } = scalar;
  if (style === 'block' || /[\r\n]/.test(written)) return place;
  const offsets = offsetsOf(scalar);
  const last = offsets.length - 1;
  const start = offsets[Math.min(offset, last)] ?? 0;
  const end = offsets[Math.min(offset + length, last)] ?? written.length;
  return { file: place.file, start: place.start + start, end: place.start + Math.max(end, start) };
};

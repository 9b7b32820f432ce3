/** Where something is written, or what would hold it. */
import type { Span } from '../../schema/diagnostic.ts';
import type { Path } from './tree.ts';

/** The place of a path of the configuration, or of the nearest path above it that is written. */
export const nearestPlace = (placeOf: (path: Path) => Span | undefined, path: Path): Span | undefined => {
  for (let length = path.length; length > 0; length -= 1) {
    const span = placeOf(path.slice(0, length));
    if (span !== undefined) return span;
  }
  return undefined;
};

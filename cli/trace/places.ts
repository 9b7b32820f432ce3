/** Places of rules, as they are told. */
import type { RulePath } from '../../policies/trace/trace.ts';
import type { Span } from '../../schema/diagnostic.ts';

export type PlaceOf = (path: RulePath) => Span | undefined;

/** Of the rule itself, or of the nearest thing around it that is written. */
export const nearestPlace = (placeOf: PlaceOf, path: RulePath): Span | undefined => {
  for (let length = path.length; length > 0; length--) {
    const span = placeOf(path.slice(0, length));
    if (span !== undefined) return span;
  }
  return undefined;
};

/** `gateway.yaml:31:5`. */
export const placeText = ({ file, line, column }: Span): string => `${file}:${line}:${column}`;

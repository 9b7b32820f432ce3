/** Units to numbers; a reference stays one, for it is converted when a generation is prepared. */
import { isReference } from '../../schema/graph/graph.ts';
import { durationMs, percentageRatio, sizeBytes } from '../../schema/unit.ts';

const convert = (text: string, parse: (text: string) => number | undefined): number => {
  if (isReference(text)) return text as unknown as number;
  const value = parse(text);
  if (value === undefined) throw new Error(`unchecked value: ${text}`);
  return value;
};

/** Milliseconds of a checked duration. */
export const toMs = (text: string): number => convert(text, durationMs);

/** Bytes of a checked size. */
export const toBytes = (text: string): number => convert(text, sizeBytes);

/** Ratio from 0 to 1 of a checked percentage. */
export const toRatio = (text: string): number => convert(text, percentageRatio);

/** `{ [key]: value }`, or nothing if there is no value. */
export const given = <K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } =>
  (value === undefined ? {} : { [key]: value }) as { [P in K]?: V };

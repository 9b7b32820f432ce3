/** The text that a reference stands for as the value that its field wants. Never parsed as anything else. */
import type { Reference } from './graph/graph.ts';
import { httpUrlProblem } from './http-url.ts';
import { durationMs, sizeBytes } from './unit.ts';

/** What a field says of the value that a reference stands for. */
export type ReferenceType = Pick<Reference, 'as' | 'minimum' | 'maximum' | 'minBytes'>;

/** A value, or what is wrong with the text, as `is no whole number`; the text itself is never told. */
export type ReferenceValue =
  | { readonly value: string | number | boolean; readonly problem?: undefined }
  | { readonly problem: string };

const integer = (text: string, { minimum, maximum }: ReferenceType): ReferenceValue => {
  if (!/^\d{1,15}$/.test(text)) return { problem: 'is no whole number' };
  const value = Number(text);
  if (minimum !== undefined && value < minimum) return { problem: `is below ${minimum}` };
  return maximum !== undefined && value > maximum ? { problem: `is above ${maximum}` } : { value };
};

const string = (text: string, { minBytes = 0 }: ReferenceType): ReferenceValue =>
  new TextEncoder().encode(text).length < minBytes
    ? { problem: `is shorter than ${minBytes} bytes` }
    : { value: text };

const httpUrl = (text: string): ReferenceValue => {
  const problem = httpUrlProblem(text);
  return problem === undefined ? { value: text } : { problem: `is no URL: ${problem}` };
};

const measured = (value: number | undefined, what: string): ReferenceValue =>
  value === undefined ? { problem: `is no ${what}` } : { value };

/** The value of a text. */
export const referenceValue = (text: string, type: ReferenceType): ReferenceValue => {
  switch (type.as) {
    case 'string':
      return string(text, type);
    case 'duration':
      return measured(durationMs(text), 'duration such as `30s`');
    case 'size':
      return measured(sizeBytes(text), 'size such as `4MiB`');
    case 'integer':
      return integer(text, type);
    case 'http-url':
      return httpUrl(text);
    case 'boolean':
      return text === 'true' || text === 'false'
        ? { value: text === 'true' }
        : { problem: 'is neither `true` nor `false`' };
  }
};

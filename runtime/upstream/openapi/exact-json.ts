/** JSON whose numbers keep their digits: an id of twenty digits must not name another resource. */

/** A number by its text (ECMAScript, JSON.rawJSON). */
interface ExactNumber {
  readonly rawJSON: string;
}

/** What is not in TypeScript's library yet. */
const json = JSON as unknown as {
  rawJSON(text: string): ExactNumber;
  isRawJSON(value: unknown): value is ExactNumber;
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
  ): unknown;
};

/** Numbers that can differ from their text have at least as many digits, or an exponent. */
const MAY_DIFFER = /\d[\d.]{14,}\d|\d[eE][-+]?\d/;

/** Whether parsing the text loses digits. */
export const losesDigits = (text: string): boolean => MAY_DIFFER.test(text);

/** The value of a JSON text in which a number that would lose digits stands by its text. */
export const parseExact = (text: string): unknown =>
  json.parse(text, (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined && String(value) !== source
      ? json.rawJSON(source)
      : value,
  );

export const isExact = (value: unknown): value is ExactNumber => json.isRawJSON(value);

/** JSON text of a value, digits kept. */
export const exactText = (value: unknown): string => JSON.stringify(value) ?? 'null';

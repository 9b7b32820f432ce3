const UNSAFE = /[^ !#-[\]-~\u00a1-\u167f]/;
const INVISIBLE = /[\u007f-\u009f\u2028-\u202e\u2066-\u2069\ufeff]/g;

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

/**
 * A string as JSON text that is safe to show: besides what JSON asks for, control characters of the upper half,
 * line separators and marks that turn the direction of text are escaped.
 */
export const jsonString = (text: string): string =>
  UNSAFE.test(text) ? JSON.stringify(text).replace(INVISIBLE, escaped) : `"${text}"`;

/** Escapes in JSON text what {@link jsonString} escapes in a string. */
export const escapeInvisible = (json: string): string => json.replace(INVISIBLE, escaped);

/** The text for a terminal: bare if it is one plain word, else as {@link jsonString}. */
export const plainText = (text: string): string => (/^[\w.:/@+-]+$/.test(text) ? text : jsonString(text));

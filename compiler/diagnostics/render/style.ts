/** Colours of the pretty format. */

export type Style = 'error' | 'warning' | 'place' | 'strong' | 'added';

export type Paint = (style: Style, text: string) => string;

const CODES: Readonly<Record<Style, string>> = {
  error: '1;31',
  warning: '1;33',
  place: '1;34',
  strong: '1',
  added: '1;32',
};

export const plainPaint: Paint = (_, text) => text;

export const colorPaint: Paint = (style, text) => `\u001b[${CODES[style]}m${text}\u001b[0m`;

/** Names of HTTP fields (RFC 9110, section 5.1). */
import type { FormatCheck } from './format.ts';

/** Whether a text is a field name. */
export const isHeaderName = (text: string): boolean => /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(text);

export const checkHeaderName: FormatCheck = ({ text, place, report }) => {
  if (isHeaderName(text)) return true;
  report('GW3011', place, { text });
  return false;
};

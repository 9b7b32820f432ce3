/** Text made safe inside XML 1.0. */

/** Characters that XML 1.0 cannot hold, not even escaped. */
const FORBIDDEN = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
  // Parsers would make a line feed of the one, and blanks of all of them in an attribute.
  '\r': '&#13;',
  '\n': '&#10;',
  '\t': '&#9;',
};

const wellFormed = (text: string): string => text.toWellFormed().replace(FORBIDDEN, '\ufffd');

/** For between tags. */
export const xmlText = (text: string): string =>
  wellFormed(text).replace(/[&<>\r]/g, (character) => ENTITIES[character]!);

/** For between the quotes of an attribute. */
export const xmlAttribute = (text: string): string =>
  wellFormed(text).replace(/[&<>"'\r\n\t]/g, (character) => ENTITIES[character]!);

/** A message as the one line that a child process reads. */

const LINE_BREAKS = /[\r\n\u0085\u2028\u2029]/;

/**
 * The same JSON on one line. A raw CR or LF in JSON is white space between tokens: left as it is, it would let a
 * caller put a message of its own making on a line of its own. The others stand in strings only, and some readers
 * take them for line ends too.
 */
export const oneLine = (text: string): string =>
  LINE_BREAKS.test(text)
    ? text
        .replaceAll(/[\r\n]+/g, ' ')
        .replaceAll(
          /[\u0085\u2028\u2029]/g,
          (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`,
        )
    : text;

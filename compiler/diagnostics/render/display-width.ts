/** How wide text is on a terminal, and text made safe to show on one. */

const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;
const NARROWLESS = /^\p{Mark}$/u;

/** Columns that one code point takes. */
const widthOf = (character: string): number =>
  NARROWLESS.test(character) ? 0 : WIDE.test(character) ? 2 : 1;

export const displayWidth = (text: string): number =>
  Array.from(text).reduce((sum, character) => sum + widthOf(character), 0);

/** Characters that would move the cursor, change colours or reorder what is shown. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu;

const TAB = '    ';

/** Text with each unsafe character but line breaks and tabs as `�`. */
export const safeText = (text: string): string =>
  text.replace(UNSAFE, (found) => (found === '\n' || found === '\t' ? found : '\ufffd'));

/** Text with tabs as four blanks and each unsafe character as `�`. */
export const displayText = (text: string): string => text.replaceAll('\t', TAB).replace(UNSAFE, '\ufffd');

/** Text of upstreams made fit to be read: what hides in it, or passes for something else, is seen. */
import { escapeHidden } from '../../schema/hidden-characters.ts';

const LATIN = /\p{Script=Latin}/u;
/** Scripts with letters that look like Latin ones. */
const LOOK_ALIKE = /[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Armenian}\p{Script=Cherokee}]/u;
const NOT_ASCII = /[^\n -~]/g;

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** Whether it could pass for another word: composed otherwise than usual, or of letters of two scripts. */
const isDeceptive = (word: string): boolean =>
  word.normalize('NFKC') !== word || (LATIN.test(word) && LOOK_ALIKE.test(word));

/** Hidden characters as `\uXXXX`, and all of a word but ASCII where it could pass for another. Line breaks stay. */
export const visibleText = (text: string): string =>
  escapeHidden(
    text.replace(/[^\s]+/gu, (word) => (isDeceptive(word) ? word.replace(NOT_ASCII, escaped) : word)),
  );

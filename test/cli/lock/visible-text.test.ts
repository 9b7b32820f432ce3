import { expect, test } from 'vitest';
import { visibleText } from '../../../cli/lock/visible-text.ts';

test.each([
  ['a zero width space', 'a\u200bb', 'a\\u200bb'],
  ['an override of direction', 'a\u202eb', 'a\\u202eb'],
  ['a sequence for the terminal', '\x1b[8mhidden', '\\u001b[8mhidden'],
  ['tag characters', 'x\u{e0049}\u{e0067}', 'x\\udb40\\udc49\\udb40\\udc67'],
  ['a carriage return', 'nice\rpoison', 'nice\\u000dpoison'],
  ['a decomposed letter', 'cafe\u0301 au lait', 'cafe\\u0301 au lait'],
  ['a Cyrillic letter in a Latin word', 'p\u0430ypal', 'p\\u0430ypal'],
  ['a full-width letter', '\uff52ead', '\\uff52ead'],
  ['an invisible separator', 'a\u2063b', 'a\\u2063b'],
])('%s is seen', (_, text, seen) => {
  expect(visibleText(text)).toBe(seen);
});

test.each(['Größe', '文件を読む', 'Читает файл', 'two\nlines', 'naïve 🎉'])('%s is left as it is', (text) => {
  expect(visibleText(text)).toBe(text);
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { textChanges } from '../../../cli/lock/text-changes.ts';

const short = (from: string, to: string): readonly string[] =>
  textChanges(from, to).map(({ kind, text }) => `${kind[0]}:${text}`);

test('words that were put in or taken out are pieces of their own', () => {
  expect(short('Reads a file.', 'Reads and sends a file.')).toEqual([
    's:Reads ',
    'a:and sends ',
    's:a file.',
  ]);
  expect(short('one two three', 'one three')).toEqual(['s:one ', 'r:two ', 's:three']);
  expect(short('same', 'same')).toEqual(['s:same']);
  expect(short('', 'new')).toEqual(['a:new']);
});

test('what both have and what one has makes up that one, whatever the texts', () => {
  const words = fc
    .array(fc.constantFrom('a', 'b ', ' ', '\n', '\u200b', 'c\t', '\u{e0041}', 'é'))
    .map((all) => all.join(''));
  fc.assert(
    fc.property(words, words, (from, to) => {
      const pieces = textChanges(from, to);
      const but = (left: string) =>
        pieces.flatMap(({ kind, text }) => (kind === left ? [] : [text])).join('');
      expect(but('added')).toBe(from);
      expect(but('removed')).toBe(to);
    }),
  );
});

test('texts without a word in common, however long, take no time that anybody would notice', () => {
  const long = (word: string) => Array.from({ length: 20_000 }, (_, at) => `${word}${at} `).join('');
  const startedMs = performance.now();
  expect(textChanges(long('a'), long('b')).map(({ kind }) => kind)).toEqual(['removed', 'added']);
  expect(performance.now() - startedMs).toBeLessThan(1000);
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseDocument, stringify } from 'yaml';
import { readYaml } from '../../../compiler/source/read-yaml.ts';
import { placeInScalar } from '../../../compiler/source/scalar-offset.ts';
import { changeInScalar } from '../../../compiler/source/scalar-text.ts';
import { sourceFile } from '../../../compiler/source/source-file.ts';
import { type SourceScalar, valueAt } from '../../../compiler/source/tree.ts';

const scalarIn = (text: string): SourceScalar | undefined => {
  const tree = readYaml(sourceFile('gateway.yaml', text), () => {});
  const value = tree && valueAt(tree, ['deny']);
  return value?.kind === 'scalar' ? value : undefined;
};

const words = fc.constantFrom(
  'tool.name',
  '==',
  "'a'",
  '"b"',
  'ä',
  '😀',
  '&&',
  '(x)',
  "''",
  '\\',
  '\t',
  '#',
  ': ',
  '\n',
  '{',
  ',',
);
const values = fc.array(words, { minLength: 1, maxLength: 12 }).map((list) => list.join(' '));
const styles = fc.constantFrom('PLAIN', 'QUOTE_SINGLE', 'QUOTE_DOUBLE', 'BLOCK_LITERAL', 'BLOCK_FOLDED');

/** A configuration with one text in some style, folded at some width. */
const documents = fc
  .record({ value: values, style: styles, lineWidth: fc.constantFrom(0, 20, 40) })
  .map(({ value, style, lineWidth }) =>
    stringify({ deny: value }, { defaultStringType: style as 'PLAIN', defaultKeyType: 'PLAIN', lineWidth }),
  );

test('each letter of a text is found where it is written, in any style and over any lines', () => {
  let traced = 0;
  fc.assert(
    fc.property(documents, (text) => {
      const scalar = scalarIn(text);
      if (scalar === undefined || typeof scalar.value !== 'string') return;
      for (const [index, letter] of [...scalar.value].entries()) {
        if (!/[a-z=&ä😀]/u.test(letter)) continue;
        const offset = [...scalar.value].slice(0, index).join('').length;
        const { start, end } = placeInScalar(scalar, offset, letter.length);
        expect(['ä', '😀'].includes(letter) ? letter : text.slice(start, end)).toBe(letter);
        traced += 1;
      }
    }),
    { numRuns: 1000 },
  );
  expect(traced).toBeGreaterThan(1000);
});

test('a change of a part of a text changes that and nothing else', () => {
  const changes = fc.tuple(
    documents,
    fc.nat(),
    fc.nat({ max: 5 }),
    fc.constantFrom("'admin' in x", 'size', '"a"', '\\', '!y', 'a: b'),
  );
  fc.assert(
    fc.property(changes, ([text, at, length, replacement]) => {
      const scalar = scalarIn(text);
      if (scalar === undefined || typeof scalar.value !== 'string') return;
      const { value } = scalar;
      const offset = at % value.length;
      const [replaced, before] = [value.slice(offset, offset + length), value.slice(0, offset)];
      if (/[\s]/.test(replaced) || replaced === '' || !replaced.isWellFormed() || !before.isWellFormed())
        return;
      if (scalar.style === 'block' && before.trim() === '') return;
      const change = changeInScalar(scalar, offset, replaced.length, replacement);
      const changed = text.slice(0, change.place.start) + change.text + text.slice(change.place.end);
      const document = parseDocument(changed);
      expect(document.errors).toEqual([]);
      expect(document.toJS()).toEqual({
        deny: value.slice(0, offset) + replacement + value.slice(offset + replaced.length),
      });
    }),
    { numRuns: 1000 },
  );
});

import { expect, test } from 'vitest';
import { jsonPlaceAt } from '../../../compiler/source/json-place.ts';
import { sourceFile } from '../../../compiler/source/source-file.ts';

const TEXT = ' { "a\\u0062": [1, {"x": {"y": "}]\\""}}, -2.5e3], "z": {"q": []}, "open": [true';

const at = (...path: (string | number)[]): string => {
  const file = sourceFile('a.json', TEXT);
  const { start, end } = jsonPlaceAt(file, path);
  return TEXT.slice(start, end);
};

test('a scalar is at itself, an object or a list at its key', () => {
  expect(at('ab', 0)).toBe('1');
  expect(at('ab', 2)).toBe('-2.5e3');
  expect(at('ab', 1, 'x', 'y')).toBe('"}]\\""');
  expect(at('ab', 1, 'x')).toBe('"x"');
  expect(at('z', 'q')).toBe('"q"');
  expect(at('z')).toBe('"z"');
});

test('an item without a key is at its bracket, the whole at its first', () => {
  expect(at('ab', 1)).toBe('{');
  expect(at()).toBe('{');
});

test('what is not there is at the nearest above it', () => {
  expect(at('z', 'none', 'x')).toBe('"z"');
  expect(at('ab', 7)).toBe('"a\\u0062"');
  expect(at('open', 0)).toBe('true');
  expect(at('open', 1)).toBe('"open"');
});

test('a text that is no JSON has a place all the same', () => {
  for (const text of ['', '  ', '{', '[,', '{"a"', '{"a":', '"']) {
    const { start, end } = jsonPlaceAt(sourceFile('a.json', text), ['a', 0]);
    expect(start).toBeLessThanOrEqual(end);
  }
});

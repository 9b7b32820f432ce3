import fc from 'fast-check';
import { expect, test } from 'vitest';
import { JsonScanner } from '../../../../runtime/upstream/large/json-scanner.ts';

const nobody = {
  onOpen: () => undefined,
  onComma: () => undefined,
  onValue: () => undefined,
  onValueEnd: () => undefined,
  onClose: () => undefined,
};

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

/** Whether the scanner takes `bytes`, which may lie anywhere in memory. */
const takes = (...chunks: readonly Buffer[]): boolean => {
  const scanner = new JsonScanner(nobody);
  return chunks.every((chunk) => scanner.push(chunk)) && scanner.ended;
};

test('every byte at every place of a string is taken where JSON.parse takes it', () => {
  for (let place = 0; place < 12; place += 1)
    for (let byte = 0; byte < 128; byte += 1) {
      const text = `["${'a'.repeat(place)}${String.fromCharCode(byte)}${'n'.repeat(12 - place)}"]`;
      expect(takes(Buffer.from(text)), JSON.stringify(text)).toBe(isJson(text));
      const elsewhere = Buffer.from(`${'?'.repeat(place)}${text}`).subarray(place);
      expect(takes(elsewhere), JSON.stringify(text)).toBe(isJson(text));
    }
});

test('bytes of other characters end no string', () => {
  for (let byte = 128; byte < 256; byte += 1)
    expect(takes(Buffer.from([0x5b, 0x22, 0x61, 0x61, 0x61, byte, 0x61, 0x22, 0x5d])), String(byte)).toBe(
      true,
    );
});

test.each([
  ...[
    '0',
    '-0',
    '10',
    '1.0',
    '-1.5e10',
    '1E+2',
    '0e-1',
    '01',
    '1.',
    '.5',
    '-',
    '+1',
    '1e',
    '1e+',
    '--1',
    '1.e1',
  ],
  ...[
    'true',
    'false',
    'null',
    'tru',
    'nul',
    'truee',
    'True',
    'NaN',
    '[]',
    '{}',
    '[1,]',
    '{"a":}',
    '{"a"}',
    '{,}',
  ],
  ...[
    '[1 2]',
    '"\\u12G4"',
    '"\\uD83E\\uDD8A"',
    '"\\x"',
    '[[[]]]',
    '[[]',
    ']',
    '{"a":1]',
    '',
    ' ',
    '1 ',
    '\ufeff1',
  ],
])('agrees with JSON.parse on %j', (text) => {
  // A number at the end of a text is not known to have ended: within a list it is.
  const listed = `[${text}]`;
  expect(takes(Buffer.from(listed))).toBe(isJson(listed));
});

test('agrees with JSON.parse on long strings, wherever something lies that means something', () => {
  const meaningful = ['"', '\\', '\\n', '\\"', '\n', '\u0000', '\u001f', '\u007f', 'é', '\\u00e9', '","'];
  const lengths = fc.integer({ min: 0, max: 200 });
  const parts = fc.array(fc.tuple(lengths, fc.constantFrom(...meaningful)), { maxLength: 6 });
  fc.assert(
    fc.property(parts, lengths, lengths, (before, after, cut) => {
      const text = before.map(([length, each]) => 'x'.repeat(length) + each).join('');
      const listed = `["${text}${'x'.repeat(after)}"]`;
      const bytes = Buffer.from(listed);
      expect(takes(bytes.subarray(0, cut), bytes.subarray(cut))).toBe(isJson(listed));
    }),
  );
});

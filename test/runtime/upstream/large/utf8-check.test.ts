import { isUtf8 } from 'node:buffer';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Utf8Check } from '../../../../runtime/upstream/large/utf8-check.ts';

const check = (chunks: readonly Uint8Array[]): boolean => {
  const utf8 = new Utf8Check();
  return chunks.every((chunk) => utf8.push(chunk)) && utf8.whole;
};

const bytes = fc.oneof(
  fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)),
  fc
    .array(fc.constantFrom(0x41, 0x80, 0xbf, 0xc3, 0xe2, 0xed, 0xf0, 0xf4, 0xff))
    .map((all) => Buffer.from(all)),
);

test('is of one mind with Node, however the bytes are cut', () => {
  fc.assert(
    fc.property(bytes, fc.array(fc.nat()), (all, places) => {
      const ends = [...places.map((place) => place % (all.length + 1)), all.length].sort((a, b) => a - b);
      const chunks = ends.map((end, at) => all.subarray(at === 0 ? 0 : ends[at - 1], end));
      expect(check(chunks)).toBe(isUtf8(all));
      expect(check([...all].map((byte) => Uint8Array.of(byte)))).toBe(isUtf8(all));
    }),
    { numRuns: 500 },
  );
});

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Pieces } from '../../../runtime/listen/pieces.ts';

const bytes = fc.uint8Array({ maxLength: 2_000 }).map((array) => Buffer.from(array));

it('is whole as it came, whatever the pieces', () => {
  fc.assert(
    fc.property(fc.array(bytes, { minLength: 1, maxLength: 40 }), (all) => {
      const pieces = new Pieces();
      for (const each of all) pieces.add(each);
      expect(pieces.whole().equals(Buffer.concat(all))).toBe(true);
    }),
  );
});

it('holds a million bytes that came one by one in few pieces', () => {
  const pieces = new Pieces();
  const byte = Buffer.from('x');
  for (let count = 0; count < 1_000_000; count += 1) pieces.add(byte);
  expect(pieces.count).toBeLessThan(40);
  expect(pieces.whole()).toHaveLength(1_000_000);
});

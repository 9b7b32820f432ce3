import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Pieces } from '../../../runtime/listen/pieces.ts';

/** Parts of what was read at once, smaller and larger ones. */
const bytes = fc.tuple(fc.uint8Array({ maxLength: 5_000 }), fc.nat({ max: 10_000 })).map(([array, spare]) => {
  const slab = Buffer.alloc(array.length + spare);
  slab.set(array, spare);
  return slab.subarray(spare);
});

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

it('lets go of what was read with a piece, wherever that would be most of what it holds', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const held = (): number => {
    collect();
    // What the first found is swept beside it, and done with before the second.
    collect();
    return process.memoryUsage().arrayBuffers;
  };
  const before = held();
  for (const sizes of [[1_024], [1_024, 1], [1_023, 1_025], [16_000]]) {
    const pieces = new Pieces();
    let bytes = 0;
    for (let i = 0; i < 400; i += 1)
      for (const size of sizes) {
        pieces.add(
          Buffer.allocUnsafeSlow(64 * 1024)
            .fill(1)
            .subarray(0, size),
        );
        bytes += size;
      }
    expect(held() - before).toBeLessThan(2 * bytes + 256 * 1024);
    expect(pieces.whole()).toHaveLength(bytes);
  }
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Pieces } from '../../../runtime/upstream/pieces.ts';

describe('Pieces', () => {
  it('are the same bytes as before, however they were cut and whenever they are looked at', () => {
    const piece = fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 5 }),
      fc.uint8Array({ minLength: 1_000, maxLength: 3_000 }),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(piece, fc.boolean()), { minLength: 1, maxLength: 40 }), (given) => {
        const pieces = new Pieces();
        const before: Buffer[] = [];
        for (const [bytes, looksAt] of given) {
          before.push(Buffer.from(bytes));
          pieces.push(Buffer.from(bytes));
          if (looksAt) expect(Buffer.concat(pieces.list()).equals(Buffer.concat(before))).toBe(true);
        }
        expect(pieces.whole().equals(Buffer.concat(before))).toBe(true);
        expect(pieces.bytes).toBe(Buffer.concat(before).length);
      }),
    );
  });

  it('that come byte by byte, or small and large in turn, are few', () => {
    const bytewise = new Pieces();
    for (let byte = 0; byte < 1_000_000; byte += 1) bytewise.push(Buffer.from('x'));
    expect(bytewise.list().length).toBeLessThan(100);
    const inTurn = new Pieces();
    const large = Buffer.alloc(1_024);
    for (let turn = 0; turn < 1_000; turn += 1) {
      inTurn.push(Buffer.from('x'));
      inTurn.push(large);
    }
    expect(inTurn.list().length).toBeLessThanOrEqual(2_001);
    expect(inTurn.bytes).toBe(1_000 * 1_025);
  });
});

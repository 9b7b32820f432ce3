import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ClientReply } from '../../../../runtime/mcp/client-reply.ts';
import { InFlight } from '../../../../runtime/mcp/legacy/in-flight.ts';

/** One that only tells that it was taken back. */
const replyFor = (taken: string[], idText: string): ClientReply =>
  ({ abandon: () => taken.push(idText) }) as unknown as ClientReply;

const idText = fc.oneof(
  fc.integer({ min: 0, max: 30 }).map(String),
  fc.constantFrom('"1"', '"\\u0031"', '"a"', '"A"', '""', '1.0', '1e0', '01'.repeat(2_000)),
);
const step = fc.record({ id: idText, does: fc.constantFrom('begin', 'begin', 'finished', 'cancel') });

describe('the requests of a session that have no answer yet', () => {
  it('are told apart by the text of their ids, in any order of coming and going', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const inFlight = new InFlight();
        const known = new Set<string>();
        const taken: string[] = [];
        const expected: string[] = [];
        for (const { id, does } of steps) {
          if (does === 'begin') {
            expect(inFlight.begin(id, replyFor(taken, id))).toBe(!known.has(id));
            known.add(id);
          } else {
            if (does === 'cancel' && known.has(id)) expected.push(id);
            if (does === 'cancel') inFlight.cancel(id, 'wanted no more');
            else inFlight.finished(id);
            known.delete(id);
          }
          expect(inFlight.has(id)).toBe(known.has(id));
          expect(inFlight.size).toBe(known.size);
        }
        for (const { id } of steps) expect(inFlight.has(id)).toBe(known.has(id));
        inFlight.abandon();
        expect(new Set(taken.slice(expected.length))).toEqual(known);
        expect(taken.slice(0, expected.length)).toEqual(expected);
        expect(inFlight.size).toBe(0);
      }),
    );
  });

  it('are 512 at most, and each of them can be taken back', () => {
    const inFlight = new InFlight();
    const taken: string[] = [];
    const cancelled: string[] = [];
    for (let id = 0; id < 512; id += 1) {
      expect(inFlight.begin(`${id}`, replyFor(taken, `${id}`))).toBe(true);
      inFlight.started(`${id}`, () => cancelled.push(`${id}`), undefined);
    }
    expect(inFlight.full).toBe(true);
    expect(inFlight.begin('512', replyFor(taken, '512'))).toBe(false);
    inFlight.finished('0');
    expect(inFlight.begin('512', replyFor(taken, '512'))).toBe(true);
    inFlight.abandon();
    expect(taken).toHaveLength(512);
    expect(cancelled).toHaveLength(511);
  });

  it('cost little more to tell apart where they are many, long and begin alike', () => {
    const prefix = 'x'.repeat(10_000);
    const ids = Array.from({ length: 500 }, (_, at) => `"${prefix}${String(at).padStart(3, '0')}"`);
    const costUs = (waiting: readonly string[]): number => {
      const inFlight = new InFlight();
      for (const id of waiting) inFlight.begin(id, replyFor([], id));
      for (const id of ids) inFlight.has(id);
      const before = process.cpuUsage();
      for (const id of ids) inFlight.has(id);
      const { user, system } = process.cpuUsage(before);
      return user + system;
    };
    // Compared one by one it would be some 250 times as much.
    expect(costUs(ids)).toBeLessThan(20 * costUs(ids.slice(0, 1)));
  });
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { understood } from './memory-connection.ts';
import { cut, messages } from './messages.ts';

test('however bytes are cut, the same requests are read and the same is refused', async () => {
  await fc.assert(
    fc.asyncProperty(messages, fc.array(fc.nat(400), { maxLength: 12 }), async (bytes, places) => {
      const whole = await understood([bytes]);
      expect(await understood(cut(bytes, places))).toEqual(whole);
      expect(await understood(Array.from(bytes, (_, at) => bytes.subarray(at, at + 1)))).toEqual(whole);
    }),
    { numRuns: 1_500 },
  );
});

test('nothing is begun behind what is refused', async () => {
  await fc.assert(
    fc.asyncProperty(messages, async (bytes) => {
      const { statuses, begun, closed } = await understood([bytes]);
      const refused = statuses.findIndex((status) => status.startsWith('4'));
      if (refused < 0) return;
      expect(refused).toBe(statuses.length - 1);
      expect(closed).toBe(true);
      const answered = statuses.filter((status) => status === '200').length;
      expect(begun - answered).toBeLessThanOrEqual(1);
    }),
    { numRuns: 1_000 },
  );
});

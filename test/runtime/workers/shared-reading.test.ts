import { describe, expect, it } from 'vitest';
import { SharedReading } from '../../../runtime/workers/shared-reading.ts';

/** Readings that end when they are told to. */
const readings = (isDear: boolean) => {
  const begun: PromiseWithResolvers<void>[] = [];
  const clock = { nowMs: 0 };
  let running = 0;
  let most = 0;
  const reading = new SharedReading(
    async () => {
      const ended = Promise.withResolvers<void>();
      const number = begun.push(ended);
      running += 1;
      most = Math.max(most, running);
      await ended.promise.finally(() => {
        running -= 1;
      });
      return { value: number, isDear };
    },
    () => clock.nowMs,
  );
  return {
    reading,
    clock,
    begun,
    mostAtATime: () => most,
    /** Ends the reading of that number once it has begun. */
    end: async (number: number): Promise<void> => {
      await expect.poll(() => begun.length).toBe(number);
      begun[number - 1]!.resolve();
    },
  };
};

const ask = (reading: SharedReading<number>, times: number): Promise<readonly number[]> =>
  Promise.all(Array.from({ length: times }, () => reading.value()));

describe('a reading', () => {
  it('is made once for ten who ask at a time', async () => {
    const { reading, end, begun } = readings(false);
    const told = ask(reading, 10);
    await end(1);
    expect(await told).toEqual(new Array(10).fill(1));
    expect(begun).toHaveLength(1);
  });

  it('is none that had begun before somebody asked: all who ask meanwhile share the next', async () => {
    const { reading, end, begun, mostAtATime } = readings(false);
    const first = reading.value();
    await expect.poll(() => begun.length).toBe(1);
    const meanwhile = ask(reading, 10);
    await end(1);
    await end(2);
    expect([await first, await meanwhile]).toEqual([1, new Array(10).fill(2)]);
    const later = reading.value();
    await end(3);
    expect(await later).toBe(3);
    expect(mostAtATime()).toBe(1);
  });

  it('that takes long is made once a second, however many ask', async () => {
    const { reading, clock, end, begun, mostAtATime } = readings(true);
    const first = ask(reading, 5);
    await expect.poll(() => begun.length).toBe(1);
    const meanwhile = ask(reading, 5);
    await end(1);
    clock.nowMs = 999;
    expect([...(await first), ...(await meanwhile), await reading.value()]).toEqual(new Array(11).fill(1));
    expect(begun).toHaveLength(1);
    clock.nowMs = 1000;
    const later = ask(reading, 5);
    await end(2);
    expect(await later).toEqual(new Array(5).fill(2));
    expect(mostAtATime()).toBe(1);
  });

  it('that fails fails for those who share it, and not for who asks after them', async () => {
    const { reading, begun, end } = readings(true);
    const failed = Promise.allSettled([reading.value(), reading.value()]);
    await expect.poll(() => begun.length).toBe(1);
    const next = reading.value();
    begun[0]!.reject(new Error('no'));
    expect((await failed).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await end(2);
    expect(await next).toBe(2);
  });
});

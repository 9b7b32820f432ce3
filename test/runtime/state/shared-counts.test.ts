import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LocalCounts } from '../../../runtime/state/counts.ts';
import { countsIn, countsMemory, giveBackAll, SharedCounts } from '../../../runtime/state/shared-counts.ts';

const MODULE = new URL('../../../runtime/state/shared-counts.ts', import.meta.url).href;

const threadsOf = (memory: SharedArrayBuffer, threads: number): SharedCounts[] =>
  Array.from(
    { length: threads },
    (_, place) => new SharedCounts(memory, { place, threads, holder: place + 1 }),
  );

/** Takes and gives back as often as told, and tells how many it has in the end. */
const RACE = `
const { parentPort, workerData } = require('node:worker_threads');
import(workerData.module).then(({ SharedCounts }) => {
  const { memory, thread, times, max, maxPerKey } = workerData;
  const counts = new SharedCounts(memory, thread);
  const held = [];
  for (let index = 0; index < times; index += 1) {
    const key = 'key ' + (index % 7);
    if (index % 3 === 2 && held.length > 0) counts.giveBack(held.shift());
    else if (counts.take(key, max, maxPerKey) === undefined) held.push(key);
  }
  parentPort.postMessage(held);
});`;

describe('what threads have open together', () => {
  test('is exact while they race for it: in all, and for each key', async () => {
    const memory = countsMemory(3);
    const bounds = { max: 40, maxPerKey: 9 };
    const race = async (place: number): Promise<string[]> => {
      const thread = { place, threads: 3, holder: place + 1 };
      const workerData = { module: MODULE, memory, thread, times: 30_000, ...bounds };
      const worker = new Worker(RACE, { eval: true, workerData });
      const [held] = await once(worker, 'message');
      await worker.terminate();
      return held;
    };
    const held = (await Promise.all([0, 1, 2].map(race))).flat();
    const byKey = Map.groupBy(held, (key) => key);
    const [counts] = threadsOf(memory, 3);
    // As many more as there are left fit in, and not one more.
    let more = 0;
    while (counts!.take(`own ${more}`, bounds.max, bounds.maxPerKey) === undefined) more += 1;
    expect(held.length + more).toBe(bounds.max);
    for (let key = 0; key < 7; key += 1) {
      const own = byKey.get(`key ${key}`)?.length ?? 0;
      expect(own).toBeLessThanOrEqual(bounds.maxPerKey);
      let left = 0;
      while (counts!.take(`key ${key}`, 1_000, bounds.maxPerKey) === undefined) left += 1;
      expect(own + left).toBe(bounds.maxPerKey);
    }
  }, 60_000);

  test('is what one thread would count, whatever is taken and given back in whatever order', () => {
    const step = fc.record({
      thread: fc.nat(2),
      key: fc.nat(5).map((key) => `key ${key}`),
      gives: fc.boolean(),
      amount: fc.integer({ min: 1, max: 5 }),
    });
    const memory = countsMemory(3);
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        new Int32Array(memory).fill(0);
        const shared = threadsOf(memory, 3);
        const local = new LocalCounts();
        const held: [thread: number, key: string, amount: number][] = [];
        for (const { thread, key, gives, amount } of steps) {
          const [by, what, many] = gives ? (held.shift() ?? []) : [];
          if (by !== undefined) {
            shared[by]!.giveBack(what!, many);
            local.giveBack(what!, many);
            continue;
          }
          const bound = local.take(key, 25, 9, amount);
          expect(shared[thread]!.take(key, 25, 9, amount)).toBe(bound);
          if (bound === undefined) held.push([thread, key, amount]);
        }
      }),
      { numRuns: 50 },
    );
  });

  test('finds every key again, however many there were and in whatever order they go', () => {
    const memory = countsMemory(2);
    const [first, second] = threadsOf(memory, 2);
    const keys = Array.from({ length: 5_000 }, (_, index) => `key ${index}`);
    for (const key of keys) expect(first!.take(key, 10_000, 2)).toBeUndefined();
    for (const key of keys) expect(second!.take(key, 10_000, 2)).toBeUndefined();
    expect(first!.take('another', 10_000, 2)).toBe('all');
    for (const key of keys.toReversed()) first!.giveBack(key);
    for (const key of keys) expect(first!.take(key, 10_000, 2)).toBeUndefined();
    for (const key of keys) for (const counts of [first!, second!]) counts.giveBack(key);
    expect(new Int32Array(memory).every((word) => word === 0)).toBe(true);
  });

  test('takes no key beyond what can be found quickly', () => {
    const [counts] = threadsOf(countsMemory(1), 1);
    let taken = 0;
    while (counts!.take(`key ${taken}`, 1_000_000, 1) === undefined) taken += 1;
    expect(taken).toBe(98_304);
    counts!.giveBack('key 7');
    expect(counts!.take('one more', 1_000_000, 1)).toBeUndefined();
  });

  test('of a thread that has ended is given back, with the lock that it held; what others have stays', () => {
    const memory = countsMemory(2);
    const [first, second] = threadsOf(memory, 2);
    for (const counts of [first!, first!, second!]) counts.take('both', 10, 10);
    first!.take('its own', 10, 10);
    new Int32Array(memory)[0] = 1;
    giveBackAll(memory, { place: 0, threads: 2, holder: 1 });
    expect(second!.take('both', 10, 2)).toBeUndefined();
    expect(second!.take('both', 10, 2)).toBe('key');
    expect(second!.take('its own', 3, 1)).toBeUndefined();
    expect(second!.take('more', 3, 1)).toBe('all');
    for (const key of ['both', 'both', 'its own']) second!.giveBack(key);
    expect(new Int32Array(memory).every((word) => word === 0)).toBe(true);
  });

  test('is mended where a thread ended in the middle of a change', () => {
    const memory = countsMemory(2);
    const [first, second] = threadsOf(memory, 2);
    second!.take('kept', 10, 10);
    first!.take('half', 10, 10);
    // Its row is there, and what it has is not counted yet.
    const words = new Int32Array(memory);
    words[0] = 1;
    words[1] = 7;
    giveBackAll(memory, { place: 0, threads: 2, holder: 1 });
    expect(words[0]).toBe(0);
    expect(words[1]).toBe(1);
    expect(second!.take('kept', 10, 1)).toBe('key');
  });
});

test('a thread that shares nothing counts for itself', () => {
  expect(countsIn(undefined, undefined)).toBeInstanceOf(LocalCounts);
  const counts = new LocalCounts();
  expect(counts.take('a', 2, 1)).toBeUndefined();
  expect(counts.take('a', 2, 1)).toBe('key');
  expect(counts.take('b', 2, 1)).toBeUndefined();
  expect(counts.take('c', 2, 1)).toBe('all');
});

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createConcurrencyGate } from '../../../runtime/traffic/concurrency.ts';
import { createBulkhead, type FairGate, type Ticket } from '../../../runtime/traffic/fair-gate.ts';
import { Places } from '../../../runtime/traffic/places.ts';
import { placesMemory } from '../../../runtime/traffic/places-memory.ts';

const bounds = { max: 2, queue: 4, queueTimeoutMs: 1000 };

/** Enters and writes down what it is told. */
const visitor = (gate: FairGate, told: string[], over: Partial<typeof bounds> = {}) => {
  return (name: string, key = 'key', caller = name): Ticket | undefined => {
    const ticket = gate.enter(
      key,
      caller,
      { ...bounds, ...over },
      {
        granted: () => told.push(`${name} in`),
        refused: (why) => told.push(`${name} ${why}`),
      },
    );
    if (ticket === undefined) told.push(`${name} turned away`);
    else if (ticket.isHeld) told.push(`${name} in at once`);
    return ticket;
  };
};

describe('a gate', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test('lets so many in at a time, and the next as soon as one leaves', () => {
    const told: string[] = [];
    const gate = createConcurrencyGate();
    const enter = visitor(gate, told);
    const [a, b] = [enter('a'), enter('b')];
    enter('c');
    expect(told).toEqual(['a in at once', 'b in at once']);
    expect([gate.held, gate.waiting]).toEqual([2, 1]);
    b!.leave();
    b!.leave();
    expect(told.at(-1)).toBe('c in');
    expect([gate.held, gate.waiting]).toEqual([2, 0]);
    a!.leave();
    expect(gate.held).toBe(1);
  });

  test('counts keys apart', () => {
    const told: string[] = [];
    const enter = visitor(createConcurrencyGate(), told, { max: 1, queue: 0 });
    enter('a', 'one');
    enter('b', 'other');
    enter('c', 'one');
    expect(told).toEqual(['a in at once', 'b in at once', 'c turned away']);
  });

  test('lets callers take turns, however many of one wait', () => {
    const told: string[] = [];
    const enter = visitor(createConcurrencyGate(), told, { max: 1, queue: 20 });
    const tickets = new Map([['first', enter('first')!]]);
    for (const name of ['a1', 'a2', 'a3', 'a4']) tickets.set(name, enter(name, 'key', 'a')!);
    for (const name of ['b1', 'b2']) tickets.set(name, enter(name, 'key', 'b')!);
    for (let left = 0; left < 7; left += 1) tickets.get(told[left]!.split(' ')[0]!)!.leave();
    expect(told.slice(1)).toEqual(['a1 in', 'b1 in', 'a2 in', 'b2 in', 'a3 in', 'a4 in']);
  });

  test('makes room in a full queue for one who has less in it than another', () => {
    const told: string[] = [];
    const enter = visitor(createConcurrencyGate(), told, { max: 1, queue: 3 });
    enter('first');
    for (const name of ['a1', 'a2', 'a3']) enter(name, 'key', 'a');
    enter('a4', 'key', 'a');
    enter('b1', 'key', 'b');
    enter('c1', 'key', 'c');
    // By now each has one, and nobody has more than another.
    enter('d1', 'key', 'd');
    expect(told).toEqual(['first in at once', 'a4 turned away', 'a3 full', 'a2 full', 'd1 turned away']);
  });

  test('lets nobody wait longer than is said, and one who left is told nothing', () => {
    const told: string[] = [];
    const gate = createConcurrencyGate();
    const enter = visitor(gate, told, { max: 1 });
    const inside = enter('a');
    enter('b');
    enter('c')!.leave();
    vi.advanceTimersByTime(1100);
    expect(told).toEqual(['a in at once', 'b late']);
    inside!.leave();
    expect([gate.held, gate.waiting]).toEqual([0, 0]);
    enter('d');
    expect(told.at(-1)).toBe('d in at once');
  });

  test('of one key needs little memory, and holds to its bounds', () => {
    const told: string[] = [];
    const enter = visitor(createBulkhead({ max: 1, queue: 1 }), told, { max: 1, queue: 1 });
    const a = enter('a', '');
    enter('b', '');
    enter('c', '');
    a!.leave();
    expect(told).toEqual(['a in at once', 'c turned away', 'b in']);
  });

  test('is no bigger for many keys that came and went', () => {
    const told: string[] = [];
    const gate = createConcurrencyGate();
    const enter = visitor(gate, told, { max: 1, queue: 0 });
    for (let index = 0; index < 200_000; index += 1) enter('x', `key-${index}`)!.leave();
    expect(gate.held).toBe(0);
  });
});

describe('threads', () => {
  test('wait for one another, never more are in than may be, and each gets in', async () => {
    const memory = placesMemory();
    const inside = new SharedArrayBuffer(8);
    const run = async (holder: number): Promise<{ most: number; entered: number }> => {
      const worker = new Worker(new URL('./fixtures/gate-visitor.ts', import.meta.url), {
        workerData: { memory, inside, holder, times: 400 },
      });
      const [told] = await once(worker, 'message');
      await worker.terminate();
      return told;
    };
    const told = await Promise.all([1, 2, 3].map(run));
    expect(told.map(({ entered }) => entered)).toEqual([400, 400, 400]);
    expect(Math.max(...told.map(({ most }) => most))).toBe(3);
    const places = new Places(memory, 9);
    expect([places.held, places.waiting]).toEqual([0, 0]);
  }, 60_000);

  test('that end give back what they held, and others get it', async () => {
    const memory = placesMemory();
    const [ended, living] = [new Places(memory, 1), createConcurrencyGate({ memory, holder: 2 })];
    const told: string[] = [];
    const enter = visitor(living, told, { max: 2 });
    const two = { max: 2, queue: 4 };
    expect(ended.enter('key', 'x', two).kind).toBe('held');
    expect(ended.enter('key', 'x', two).kind).toBe('held');
    expect(ended.enter('key', 'x', two).kind).toBe('waiting');
    enter('a');
    expect(told).toEqual([]);
    new Places(memory, 7).recover(1);
    await vi.waitFor(() => expect(told).toEqual(['a in']), 15_000);
    enter('b');
    expect(told.at(-1)).toBe('b in at once');
    const places = new Places(memory, 7);
    expect([places.held, places.waiting]).toEqual([2, 0]);
  });
});

test('one who left is told nothing, and who has its record now is, where all that happens at once', async () => {
  const memory = placesMemory();
  const told: string[] = [];
  const few = { ...bounds, max: 1, queueTimeoutMs: 60_000 };
  const [one, other] = [1, 2].map((holder) => createConcurrencyGate({ memory, holder }));
  const enter = visitor(one!, told, few);
  const first = enter('first', 'here')!;
  const theirs = visitor(other!, [], few)('theirs', 'there')!;
  const inTurn = (): void => {
    leaver!.leave();
    enter('heir', 'there');
    theirs.leave();
  };
  one!.enter('here', 'second', few, { granted: inTurn, refused: () => undefined });
  const leaver = enter('leaver', 'there');
  first.leave();
  await expect.poll(() => told).toEqual(['first in at once', 'heir in']);
});

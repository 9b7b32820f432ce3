import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Places } from '../../../runtime/traffic/places.ts';
import { placesMemory } from '../../../runtime/traffic/places-memory.ts';

const KEYS = ['a', 'b'];
const CALLERS = ['ann', 'bob', 'eve'];

interface Visit {
  readonly key: string;
  readonly caller: string;
  readonly thread: number;
  readonly record: number;
  isHeld: boolean;
}

/** What a gate does, said plainly: who is inside, and who waits, by key. */
class Model {
  readonly visits: Visit[] = [];

  of(key: string, isHeld: boolean): readonly Visit[] {
    return this.visits.filter((visit) => visit.key === key && visit.isHeld === isHeld);
  }

  remove(visit: Visit): void {
    this.visits.splice(this.visits.indexOf(visit), 1);
  }
}

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      enter: fc.constantFrom(...KEYS),
      caller: fc.constantFrom(...CALLERS),
      thread: fc.constantFrom(0, 1, 2),
    }),
  },
  { weight: 4, arbitrary: fc.record({ leave: fc.nat(30) }) },
  { weight: 1, arbitrary: fc.record({ ends: fc.constantFrom(0, 1, 2) }) },
);

test('whoever comes, leaves or ends: no more are in than may be, nobody waits beside a free place, none is lost', () => {
  const bounds = { max: 2, queue: 3 };
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const memory = placesMemory({ levels: 1, records: 64 });
      let holders = 3;
      const threads = [0, 1, 2].map((at) => ({ holder: at + 1, places: new Places(memory, at + 1) }));
      const model = new Model();
      const look = (): void => {
        for (const visit of model.visits.filter(({ isHeld }) => !isHeld)) {
          const { places } = threads[visit.thread]!;
          const seen = places.see(visit.record);
          if (seen === 'granted') visit.isHeld = true;
          else if (seen === 'dropped') {
            places.leave(visit.record);
            model.remove(visit);
          }
        }
      };
      for (const each of steps) {
        if ('enter' in each) {
          const { enter: key, caller, thread } = each;
          const inside = model.of(key, true).length;
          const waiting = model.of(key, false);
          const entered = threads[thread]!.places.enter(key, caller, bounds);
          if (inside < bounds.max) expect(entered.kind).toBe('held');
          else if (waiting.length < bounds.queue) expect(entered.kind).toBe('waiting');
          // Somebody makes room only for one who has less.
          else if (entered.kind === 'waiting')
            expect(waiting.filter((visit) => visit.caller === caller).length).toBeLessThan(bounds.queue);
          if (entered.kind !== 'full')
            model.visits.push({
              key,
              caller,
              thread,
              record: entered.record,
              isHeld: entered.kind === 'held',
            });
        } else if ('leave' in each) {
          const visit = model.visits[each.leave];
          if (visit === undefined) continue;
          threads[visit.thread]!.places.leave(visit.record);
          model.remove(visit);
        } else {
          // Another takes its place, and knows nothing of what it had.
          const { ends } = each;
          new Places(memory, 1000).recover(threads[ends]!.holder);
          for (const visit of model.visits.filter(({ thread }) => thread === ends)) model.remove(visit);
          holders += 1;
          threads[ends] = { holder: holders, places: new Places(memory, holders) };
        }
        look();
        const { held, waiting } = threads[0]!.places;
        expect(held).toBe(model.visits.filter(({ isHeld }) => isHeld).length);
        expect(waiting).toBe(model.visits.filter(({ isHeld }) => !isHeld).length);
        for (const key of KEYS) {
          expect(model.of(key, true).length).toBeLessThanOrEqual(bounds.max);
          expect(model.of(key, false).length).toBeLessThanOrEqual(bounds.queue);
          if (model.of(key, false).length > 0) expect(model.of(key, true).length).toBe(bounds.max);
        }
      }
      for (const visit of [...model.visits]) {
        threads[visit.thread]!.places.leave(visit.record);
        model.remove(visit);
        look();
      }
      expect([threads[0]!.places.held, threads[0]!.places.waiting]).toEqual([0, 0]);
    }),
    { numRuns: 300 },
  );
});

/** Microseconds of processor time of so many that come and go, as many as `length` in the queue at a time. */
const costOf = (length: number, times: number): number => {
  const places = new Places(placesMemory(), 1);
  const before = process.cpuUsage();
  for (let done = 0; done < times; done += length) {
    const records = Array.from({ length }, (_, at) =>
      places.enter('key', `caller-${at}`, { max: 1, queue: length }),
    );
    for (const entered of records) if (entered.kind !== 'full') places.leave(entered.record);
  }
  const { user, system } = process.cpuUsage(before);
  expect([places.held, places.waiting]).toEqual([0, 0]);
  return user + system;
};

test('a long queue costs who comes and who leaves about as much as a short one', () => {
  costOf(10, 10_000);
  // Who looks through the queue at each step takes many times as long.
  expect(costOf(40_000, 40_000)).toBeLessThan(10 * costOf(10, 40_000));
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PlaceQueue } from '../../../runtime/traffic/place-queue.ts';
import { NOBODY } from '../../../runtime/traffic/place-records.ts';
import { placesMemory, readPlaces } from '../../../runtime/traffic/places-memory.ts';

const SLOTS = [0, 7919];

interface Waiter {
  readonly record: number;
  readonly slot: number;
  readonly caller: number;
  readonly turn: number;
}

/** The queue of one key, said plainly. */
class Model {
  waiters: Waiter[] = [];
  readonly round = new Map<number, number>();

  of(slot: number): Waiter[] {
    return this.waiters
      .filter((each) => each.slot === slot)
      .sort((a, b) => a.turn - b.turn || a.record - b.record);
  }

  turnOf(slot: number, caller: number): number {
    const turns = this.of(slot)
      .filter((each) => each.caller === caller)
      .map(({ turn }) => turn);
    return turns.length === 0 ? (this.round.get(slot) ?? 0) : Math.max(...turns) + 1;
  }
}

const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ add: fc.constantFrom(...SLOTS), caller: fc.constantFrom(1, 2, 3, 1 + 2 ** 47) }),
  },
  { weight: 2, arbitrary: fc.record({ serve: fc.constantFrom(...SLOTS) }) },
  { weight: 2, arbitrary: fc.record({ remove: fc.nat(40) }) },
  { weight: 1, arbitrary: fc.record({ drop: fc.constantFrom(...SLOTS) }) },
  { weight: 1, arbitrary: fc.constant({ rebuild: true }) },
);

test('is in the order of turns and arrival, whoever comes, is served, leaves or is dropped', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const { queue: columns, records } = readPlaces(placesMemory({ levels: 4, records: 200 }), 1);
      const queue = new PlaceQueue(records, columns);
      const model = new Model();
      const remove = (waiter: Waiter | undefined): void => {
        if (waiter === undefined) return;
        queue.remove(waiter.record);
        model.waiters = model.waiters.filter((each) => each !== waiter);
      };
      for (const each of steps) {
        if ('add' in each) {
          const { add: slot, caller } = each;
          const turn = queue.turnOf(slot, caller);
          expect(turn).toBe(model.turnOf(slot, caller));
          const record = records.take(1, slot);
          records.caller[record] = caller;
          records.turn[record] = turn;
          queue.add(record);
          model.waiters.push({ record, slot, caller, turn });
        } else if ('serve' in each) {
          const [first] = model.of(each.serve);
          if (first === undefined) continue;
          columns.round[each.serve] = first.turn;
          model.round.set(each.serve, first.turn);
          remove(first);
        } else if ('remove' in each) remove(model.waiters[each.remove]);
        else if ('drop' in each) remove(model.of(each.drop).at(-1));
        else {
          queue.clear();
          for (const slot of SLOTS) {
            for (const column of [columns.length, columns.first, columns.last]) column[slot] = NOBODY;
            for (const { record } of model.of(slot)) queue.append(record);
          }
        }
        for (const slot of SLOTS) {
          const wanted = model.of(slot).map(({ record }) => record);
          const forwards = [];
          for (let at = columns.first[slot]!; at !== NOBODY; at = records.next[at]!) forwards.push(at);
          const backwards = [];
          for (let at = columns.last[slot]!; at !== NOBODY; at = records.previous[at]!) backwards.push(at);
          const found = [...forwards, '|', ...backwards, columns.length[slot]].join(' ');
          expect(found).toBe([...wanted, '|', ...wanted.toReversed(), wanted.length].join(' '));
        }
      }
    }),
    { numRuns: 200 },
  );
});

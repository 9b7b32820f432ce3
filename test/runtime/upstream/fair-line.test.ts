import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FairLine, type InTurn } from '../../../runtime/upstream/fair-line.ts';

class Item implements InTurn<Item> {
  readonly caller: string;
  waits = false;
  lineNext: Item | undefined = undefined;
  linePrevious: Item | undefined = undefined;
  ofCaller: InTurn<Item>['ofCaller'] = undefined;

  constructor(caller: string) {
    this.caller = caller;
  }
}

/** Callers in turn, each with what it has waiting. */
type Model = { readonly caller: string; items: Item[] }[];

const modelShift = (model: Model, barred?: string): Item | undefined => {
  const at = model.findIndex(({ caller }) => caller !== barred);
  if (at < 0) return undefined;
  const [turn] = model.splice(at, 1) as [Model[number]];
  const item = turn.items.shift()!;
  if (turn.items.length > 0) model.push(turn);
  return item;
};

const CALLERS = ['a', 'b', 'c', 'd'];

describe('a fair line', () => {
  it('lets callers take turns, whatever each has waiting and whoever leaves', () => {
    const caller = fc.constantFrom(...CALLERS);
    const act = fc.oneof(
      caller.map((push) => ({ push })),
      fc.option(caller, { nil: undefined }).map((shift) => ({ shift })),
      fc.nat({ max: 30 }).map((leave) => ({ leave })),
    );
    fc.assert(
      fc.property(fc.array(act, { maxLength: 80 }), (acts) => {
        const line = new FairLine<Item>();
        const made: Item[] = [];
        const model: Model = [];
        for (const each of acts) {
          if ('push' in each) {
            const item = new Item(each.push);
            made.push(item);
            line.push(item);
            line.wait();
            const turn = model.find((other) => other.caller === each.push);
            if (turn === undefined) model.push({ caller: each.push, items: [item] });
            else turn.items.push(item);
          } else if ('shift' in each) {
            expect(line.shift(each.shift)).toBe(modelShift(model, each.shift));
          } else {
            const item = made[each.leave];
            if (item === undefined) continue;
            line.leave(item);
            for (const turn of model) turn.items = turn.items.filter((other) => other !== item);
            const empty = model.findIndex(({ items }) => items.length === 0);
            if (empty >= 0) model.splice(empty, 1);
          }
          expect(line.length).toBe(model.reduce((sum, { items }) => sum + items.length, 0));
          for (const name of CALLERS)
            expect(line.lengthOf(name)).toBe(model.find((turn) => turn.caller === name)?.items.length ?? 0);
        }
        while (model.length > 0) expect(line.shift()).toBe(modelShift(model));
        expect(line.shift()).toBeUndefined();
        for (const item of made)
          expect(item).toMatchObject({ waits: false, lineNext: undefined, ofCaller: undefined });
      }),
    );
  });

  it('serves what has to wait for nothing in the order in which it came', () => {
    const line = new FairLine<Item>();
    const items = ['a', 'a', 'b', 'a'].map((caller) => new Item(caller));
    for (const item of items) line.push(item);
    expect(items.map(() => line.shift())).toEqual(items);
    expect(line.length).toBe(0);
  });

  it('lets the turn of who is barred stay what it is', () => {
    const line = new FairLine<Item>();
    for (const caller of ['a', 'a', 'b', 'b']) line.push(new Item(caller));
    const taken = [line.shift('a'), line.shift('a'), line.shift('a'), line.shift(), line.shift()];
    expect(taken.map((item) => item?.caller)).toEqual(['b', 'b', undefined, 'a', 'a']);
  });
});

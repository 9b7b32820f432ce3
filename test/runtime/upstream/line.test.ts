import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type InLine, Line } from '../../../runtime/upstream/line.ts';

class Item implements InLine<Item> {
  waits = false;
  lineNext: Item | undefined = undefined;
  linePrevious: Item | undefined = undefined;
}

describe('a line', () => {
  it('serves in the order in which they came whoever has not left', () => {
    const act = fc.oneof(
      fc.constant('push' as const),
      fc.constant('shift' as const),
      fc.nat({ max: 20 }).map((which) => ({ leave: which })),
    );
    fc.assert(
      fc.property(fc.array(act, { maxLength: 60 }), (acts) => {
        const line = new Line<Item>();
        const made: Item[] = [];
        let model: Item[] = [];
        for (const each of acts) {
          if (each === 'push') {
            const item = new Item();
            made.push(item);
            model.push(item);
            line.push(item);
          } else if (each === 'shift') expect(line.shift()).toBe(model.shift());
          else {
            const item = made[each.leave];
            if (item === undefined) continue;
            line.leave(item);
            model = model.filter((other) => other !== item);
          }
          expect(line.length).toBe(model.length);
        }
        for (const item of model) expect(line.shift()).toBe(item);
        expect(line.shift()).toBeUndefined();
      }),
    );
  });

  it('leads nowhere from who has left it', () => {
    const line = new Line<Item>();
    const [first, middle, last] = [new Item(), new Item(), new Item()];
    for (const item of [first, middle, last]) line.push(item);
    line.leave(middle);
    line.shift();
    line.leave(last);
    for (const item of [first, middle, last])
      expect(item).toEqual({ waits: false, lineNext: undefined, linePrevious: undefined });
  });
});

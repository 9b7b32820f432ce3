import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { atTurnEnd } from '../../runtime/turn-end.ts';

describe('atTurnEnd', () => {
  it('does what a turn has brought at its end, in order, and what that brings in the next', async () => {
    const done: string[] = [];
    const later = atTurnEnd(
      (item: string) => {
        done.push(item);
        if (item === 'a') later('c');
      },
      (_item, thrown) => expect.fail(String(thrown)),
    );
    later('a');
    await Promise.resolve();
    later('b');
    expect(done).toEqual([]);
    await nextTurn();
    expect(done).toEqual(['a', 'b']);
    await nextTurn();
    expect(done).toEqual(['a', 'b', 'c']);
  });

  it('tells of each that fails, and goes on with the others in the same turn', async () => {
    const done: string[] = [];
    const failed: (readonly [string, unknown])[] = [];
    const later = atTurnEnd(
      (item: string) => {
        if (item.startsWith('bad')) throw item;
        done.push(item);
      },
      (item, thrown) => failed.push([item, thrown]),
    );
    for (const item of ['a', 'bad', 'b', 'bad too']) later(item);
    await nextTurn();
    expect(done).toEqual(['a', 'b']);
    expect(failed).toEqual([
      ['bad', 'bad'],
      ['bad too', 'bad too'],
    ]);
    later('c');
    await nextTurn();
    expect(done).toEqual(['a', 'b', 'c']);
  });
});

import { once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { atTurnEnd } from '../../runtime/turn-end.ts';

describe('atTurnEnd', () => {
  it('does what a turn has brought at its end, in order, and what that brings in the next', async () => {
    const done: string[] = [];
    const later = atTurnEnd((item: string) => {
      done.push(item);
      if (item === 'a') later('c');
    });
    later('a');
    await Promise.resolve();
    later('b');
    expect(done).toEqual([]);
    await nextTurn();
    expect(done).toEqual(['a', 'b']);
    await nextTurn();
    expect(done).toEqual(['a', 'b', 'c']);
  });

  it('goes on with the others where one fails', async () => {
    const done: string[] = [];
    const later = atTurnEnd((item: string) => {
      if (item === 'bad') throw new Error('bad');
      done.push(item);
    });
    const others = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    try {
      const failed = once(process, 'uncaughtException');
      for (const item of ['a', 'bad', 'b']) later(item);
      const [error] = await failed;
      expect(error).toEqual(new Error('bad'));
      await nextTurn();
      await nextTurn();
    } finally {
      for (const each of others) process.on('uncaughtException', each);
    }
    expect(done).toEqual(['a', 'b']);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Overlap } from '../../../../runtime/mcp/changes/overlap.ts';

const LATER_MS = 10_000;

describe('an overlap of two streams', () => {
  it('tells all that a stream which is alone tells', () => {
    const overlap = new Overlap<string>();
    overlap.add('old');
    expect([1, 2, 3].map((nowMs) => overlap.tells('old', 'a', nowMs))).toEqual([true, true, true]);
  });

  it('tells nothing of a stream that is over', () => {
    const overlap = new Overlap<string>();
    overlap.add('old');
    overlap.delete('old', 0);
    expect(overlap.tells('old', 'a', 0)).toBe(false);
  });

  it('tells at once what only the newer stream was asked for', () => {
    const overlap = new Overlap<string>();
    overlap.add('old');
    overlap.add('new');
    expect(overlap.tells('new', 'b', 0)).toBe(true);
  });

  it('tells once what is still on its way when the older one ends', () => {
    const overlap = new Overlap<string>();
    overlap.add('old');
    overlap.add('new');
    expect(overlap.tells('old', 'a', 0)).toBe(true);
    overlap.delete('old', 1);
    expect(overlap.tells('new', 'a', 2)).toBe(false);
    expect(overlap.tells('new', 'a', 3)).toBe(true);
  });

  it('tells what happens again long after the older one has ended', () => {
    const overlap = new Overlap<string>();
    overlap.add('old');
    overlap.add('new');
    expect(overlap.tells('old', 'a', 0)).toBe(true);
    overlap.delete('old', 1);
    expect(overlap.tells('new', 'a', LATER_MS)).toBe(true);
  });

  it('tells the next change at once of a kind that the newer one had been too late for', () => {
    const overlap = new Overlap<string>();
    overlap.add('old');
    overlap.add('new');
    expect([0, 1].map((nowMs) => overlap.tells('old', 'a', nowMs))).toEqual([true, true]);
    expect(overlap.tells('new', 'a', 2)).toBe(false);
    overlap.delete('old', 3);
    expect(overlap.tells('new', 'a', 4)).toBe(true);
  });

  it('begins with what was told before a third was asked for', () => {
    const overlap = new Overlap<string>();
    for (const stream of ['first', 'second']) overlap.add(stream);
    expect(overlap.tells('first', 'a', 0)).toBe(true);
    overlap.add('third');
    overlap.delete('first', 1);
    expect(overlap.tells('second', 'a', 2)).toBe(false);
    expect(overlap.tells('second', 'a', 3)).toBe(true);
    expect(overlap.tells('third', 'a', 4)).toBe(false);
  });

  it('counts nothing twice and leaves nothing out, however the streams are read', () => {
    const changes = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 30 });
    fc.assert(
      fc.property(changes, fc.nat(), fc.array(fc.boolean(), { maxLength: 80 }), (told, nat, order) => {
        const overlap = new Overlap<'old' | 'new'>();
        overlap.add('old');
        overlap.add('new');
        const since = nat % (told.length + 1);
        const queues = { old: [...told], new: told.slice(since) };
        const heard: string[] = [];
        const read = (stream: 'old' | 'new'): void => {
          const key = queues[stream].shift();
          if (key !== undefined && overlap.tells(stream, key, 0)) heard.push(key);
        };
        for (const isOld of order) read(isOld ? 'old' : 'new');
        while (queues.old.length > 0) read('old');
        while (queues.new.length > 0) read('new');
        expect(heard.sort()).toEqual([...told].sort());
      }),
    );
  });
});

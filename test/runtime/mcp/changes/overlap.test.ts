import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Overlap } from '../../../../runtime/mcp/changes/overlap.ts';

describe('an overlap of two streams', () => {
  it('tells all that a stream which is alone tells', () => {
    const overlap = new Overlap<string>();
    overlap.add('old');
    expect([1, 2, 3].map(() => overlap.tells('old', 'a'))).toEqual([true, true, true]);
  });

  it('tells nothing of a stream that is over', () => {
    const overlap = new Overlap<string>();
    overlap.add('old');
    overlap.delete('old', undefined);
    expect(overlap.tells('old', 'a')).toBe(false);
  });

  it('tells at once what only the newer stream was asked for', () => {
    const overlap = new Overlap<string>();
    overlap.add('old');
    overlap.add('new');
    expect(overlap.tells('new', 'b')).toBe(true);
  });

  it('tells what only the newer one told once the older one is over', () => {
    const overlap = new Overlap<string>();
    overlap.add('old');
    overlap.add('new');
    expect(overlap.tells('old', 'a')).toBe(true);
    overlap.delete('old', undefined);
    expect(overlap.tells('new', 'a')).toBe(true);
  });

  it('begins anew with those that are left of three', () => {
    const overlap = new Overlap<string>();
    for (const stream of ['first', 'second', 'third']) overlap.add(stream);
    expect(overlap.tells('first', 'a')).toBe(true);
    overlap.delete('first', undefined);
    expect(overlap.tells('second', 'a')).toBe(true);
    expect(overlap.tells('third', 'a')).toBe(false);
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
          if (key !== undefined && overlap.tells(stream, key)) heard.push(key);
        };
        for (const isOld of order) read(isOld ? 'old' : 'new');
        while (queues.old.length > 0) read('old');
        while (queues.new.length > 0) read('new');
        expect(heard.sort()).toEqual([...told].sort());
      }),
    );
  });
});

import { describe, expect, it } from 'vitest';
import type { NameIndex } from '../../../runtime/mcp/name-index.ts';
import { ToldList } from '../../../runtime/mcp/told-list.ts';
import { ToldLists } from '../../../runtime/mcp/told-lists.ts';
import { NO_CLAIMS } from '../../../runtime/mcp/uri-claims.ts';
import { ANONYMOUS } from '../../../schema/principal.ts';

const BOUNDS = { pageItems: 1000, pageBytes: 1_000_000 };
const index = (): NameIndex => ({
  entries: [],
  byName: new Map(),
  items: [],
  usesUris: false,
  claims: NO_CLAIMS,
  closedToApps: new Set(),
  clashes: [],
});
const caller = (id: string) => ({ ...ANONYMOUS, id, key: `workforce:${id}` });

describe('lists that are kept', () => {
  it('are given only for the index and the caller that they were made for', () => {
    const lists = new ToldLists();
    const [mine, other, alice, bob] = [index(), index(), caller('alice'), caller('bob')];
    const list = new ToldList(['1'], BOUNDS);
    lists.keep(mine, alice, list);
    expect(lists.get(mine, alice)).toBe(list);
    for (const [where, who] of [
      [mine, bob],
      [mine, 'everybody'],
      [other, alice],
    ] as const)
      expect(lists.get(where, who)).toBeUndefined();
  });

  it('make room for newer ones, the least recently used first', () => {
    const lists = new ToldLists();
    const large = () => new ToldList(['x'.repeat(6 * 1024 * 1024)], BOUNDS);
    const indexes = [index(), index(), index()] as const;
    lists.keep(indexes[0], 'everybody', large());
    lists.keep(indexes[1], 'everybody', large());
    lists.get(indexes[0], 'everybody');
    lists.keep(indexes[2], 'everybody', large());
    expect(indexes.map((each) => lists.get(each, 'everybody') !== undefined)).toEqual([true, false, true]);
  });

  it('do not count twice when one takes the place of another', () => {
    const lists = new ToldLists();
    const [kept, replaced] = [index(), index()];
    lists.keep(kept, 'everybody', new ToldList(['1'], BOUNDS));
    for (let round = 0; round < 10; round += 1)
      lists.keep(replaced, 'everybody', new ToldList(['x'.repeat(6 * 1024 * 1024)], BOUNDS));
    expect(lists.get(kept, 'everybody')).toBeDefined();
  });
});

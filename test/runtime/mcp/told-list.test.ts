import { describe, expect, it } from 'vitest';
import { ToldList } from '../../../runtime/mcp/told-list.ts';

const MANY = { pageItems: 1000, pageBytes: 1_000_000 };

const pagesOf = (list: ToldList): string[] => {
  const pages = [];
  for (let start = 0, more = true; more; ) {
    const { ending, end, hasNext } = list.page(start);
    expect(ending.toString()).toMatch(/]}}$/);
    pages.push(ending.toString().slice(0, -3));
    [start, more] = [end, hasNext];
  }
  return pages;
};

describe('a list cut into pages', () => {
  it('holds as many items as a page may', () => {
    expect(pagesOf(new ToldList(['1', '2', '3', '4', '5'], { ...MANY, pageItems: 2 }))).toEqual([
      '1,2',
      '3,4',
      '5',
    ]);
  });

  it('holds as many bytes as a page may, counted as they are sent', () => {
    const list = new ToldList(['"ää"', '"b"', '"c"'], { ...MANY, pageBytes: 8 });
    expect(pagesOf(list)).toEqual(['"ää"', '"b","c"']);
  });

  it('is the same as bytes, where it is much', () => {
    const [list, much] = [new ToldList(['"ä"'], MANY), new ToldList([`"${'ä'.repeat(20_000)}"`], MANY)];
    expect(list.page(0).ending).toBe('"ä"]}}');
    expect(much.page(0).ending).toEqual(Buffer.from(`"${'ä'.repeat(20_000)}"]}}`));
  });

  it('gives an item that is larger than a page a page of its own', () => {
    const large = `"${'x'.repeat(100)}"`;
    expect(pagesOf(new ToldList(['1', large, '2'], { ...MANY, pageBytes: 10 }))).toEqual(['1', large, '2']);
  });

  it('is one empty page where there is nothing', () => {
    expect(pagesOf(new ToldList([], MANY))).toEqual(['']);
  });

  it('has another digest as soon as anything before it is another, added, gone or moved', () => {
    const digest = (texts: string[], end: number) => new ToldList(texts, MANY).digest(end);
    const told = digest(['1', '2', '3'], 2);
    expect(digest(['1', '2', '4', '5'], 2)).toBe(told);
    for (const changed of [['1', '3', '3'], ['2', '1', '3'], ['0', '1', '2'], ['12', '3', '4'], ['2'], []])
      expect(digest(changed, 2)).not.toBe(told);
  });
});

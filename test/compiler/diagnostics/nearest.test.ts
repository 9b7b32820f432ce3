import { describe, expect, it } from 'vitest';
import { nearest } from '../../../compiler/diagnostics/nearest.ts';

describe('the nearest word', () => {
  it.each([
    ['githb', ['gitlab', 'github'], 'github'],
    ['GITHUB', ['github'], 'github'],
    ['isuer', ['issuer', 'user'], 'issuer'],
    ['tpye', ['type'], 'type'],
    ['abcdefghi', ['abcdefxyz'], 'abcdefxyz'],
  ])('to %s is found', (word, words, near) => expect(nearest(word, words)).toBe(near));

  it('is at most a third of the letters away, and at most one in a short word', () => {
    expect(nearest('abc', ['abd'])).toBe('abd');
    expect(nearest('abc', ['axd'])).toBeUndefined();
    expect(nearest('abcdef', ['abxxxf'])).toBeUndefined();
  });

  it('is the first of those that are equally near', () => {
    expect(nearest('bat', ['cat', 'rat'])).toBe('cat');
  });

  it('is none where there are no words', () => {
    expect(nearest('a', [])).toBeUndefined();
    expect(nearest('', ['type'])).toBeUndefined();
  });
});

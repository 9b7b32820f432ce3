import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LineSplitter } from '../../../../runtime/upstream/stdio/line-splitter.ts';

const split = (chunks: readonly Buffer[], maxBytes: number) => {
  const lines: string[] = [];
  const overlong: [string, string][] = [];
  const sink = {
    onLine: (line: string) => lines.push(line),
    onOverlong: (head: string, tail: string) => overlong.push([head, tail]),
  };
  const splitter = new LineSplitter(sink, maxBytes);
  for (const chunk of chunks) splitter.push(chunk);
  return { lines, overlong };
};

test('lines are the same however their bytes are cut; empty ones are none', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('', 'a', '{"grüße":"🎉"}', 'xyz')),
      fc.constantFrom('\n', '\r\n'),
      fc.array(fc.integer({ min: 0, max: 200 }), { maxLength: 20 }),
      (lines, end, cuts) => {
        const bytes = Buffer.from(lines.map((line) => line + end).join(''));
        const places = [...cuts.filter((at) => at < bytes.length), 0, bytes.length].sort((a, b) => a - b);
        const chunks = places.slice(1).map((at, index) => bytes.subarray(places[index], at));
        expect(split(chunks, 100)).toEqual({ lines: lines.filter((line) => line !== ''), overlong: [] });
      },
    ),
  );
});

test('an unfinished line is held back', () => {
  expect(split([Buffer.from('a\nb')], 100).lines).toEqual(['a']);
});

test('a line over the bound is skipped, its edges are told, and the next line is read', () => {
  const long = `head${'x'.repeat(1000)}tail`;
  const cut = [...`${long}\nnext\n`].map((character) => Buffer.from(character));
  for (const chunks of [[Buffer.from(`${long}\nnext\n`)], cut]) {
    const { lines, overlong } = split(chunks, 100);
    expect(lines).toEqual(['next']);
    expect(overlong).toHaveLength(1);
    expect(overlong[0]?.[0]).toMatch(/^headx+$/);
    expect(overlong[0]?.[1]).toMatch(/^x+tail$/);
    expect(overlong[0]?.[1]).toHaveLength(256);
  }
});

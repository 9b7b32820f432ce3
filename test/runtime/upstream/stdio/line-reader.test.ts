import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { LargeLine } from '../../../../runtime/upstream/stdio/large-line.ts';
import { LineReader } from '../../../../runtime/upstream/stdio/line-reader.ts';

const MIB = 1024 * 1024;

interface Read {
  readonly lines: string[];
  readonly ids: unknown[];
}

/** What a reader makes of chunks. Large lines are read back and closed. */
const read = async (chunks: readonly Buffer[], maxLineBytes = 16 * MIB): Promise<Read> => {
  const pipe = new PassThrough();
  const lines: string[] = [];
  const ids: unknown[] = [];
  const reader = new LineReader(pipe, {
    maxLineBytes,
    onLine: (line) => lines.push(line),
    onLargeLine: async (line: LargeLine) => {
      ids.push(line.end() ? line.id : 'unsound');
      lines.push(line.lost ? `lost ${line.bytes}` : await line.text());
      line.close();
    },
  });
  for (const chunk of chunks) pipe.write(chunk);
  pipe.end();
  await new Promise((resolve) => pipe.once('end', resolve));
  await reader.settled();
  reader.close();
  return { lines, ids };
};

const cut = (bytes: Buffer, cuts: readonly number[]): Buffer[] => {
  const places = [...cuts.filter((at) => at < bytes.length), 0, bytes.length].sort((a, b) => a - b);
  return places.slice(1).map((at, index) => bytes.subarray(places[index], at));
};

test('lines are the same however their bytes are cut; empty ones are none', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom('', 'a', '{"grüße":"🎉"}', 'xyz')),
      fc.constantFrom('\n', '\r\n'),
      fc.array(fc.integer({ min: 0, max: 200 }), { maxLength: 20 }),
      async (lines, end, cuts) => {
        const bytes = Buffer.from(lines.map((line) => line + end).join(''));
        expect((await read(cut(bytes, cuts))).lines).toEqual(lines.filter((line) => line !== ''));
      },
    ),
  );
});

test('large lines keep their place among the others, and tell whose they are', async () => {
  const text = 'x'.repeat(2 * MIB);
  const first = `{"result":{"text":"${text}"},"jsonrpc":"2.0","id":7}`;
  const second = `{"jsonrpc":"2.0","id":8,"result":{"text":"${text}"}}`;
  const unsound = `{"jsonrpc":"2.0","id":9,"result":{"text":"${text}"}`;
  const all = ['a', first, 'b', second, unsound, 'c'];
  const bytes = Buffer.from(`${all.join('\r\n')}\r\n`);
  for (const cuts of [[], [3, 1000, MIB, 2 * MIB + 5, 4 * MIB], [bytes.length - 1]]) {
    const { lines, ids } = await read(cut(bytes, cuts));
    expect(lines.length).toBe(all.length);
    expect(lines.every((line, at) => line === all[at])).toBe(true);
    expect(ids).toEqual([7, 8, 'unsound']);
  }
});

test('a line over the bound is dropped, and still known by its id', async () => {
  const long = `{"result":{"text":"${'x'.repeat(3 * MIB)}"},"id":7}`;
  const { lines, ids } = await read([Buffer.from(`${long}\nnext\n`)], 2 * MIB);
  expect(lines).toEqual([`lost ${long.length}`, 'next']);
  expect(ids).toEqual([7]);
});

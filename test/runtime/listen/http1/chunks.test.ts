import { expect, it } from 'vitest';
import { ChunkReader } from '../../../../runtime/listen/http1/chunks.ts';

/** What becomes of a body, and how much of it had come by then. */
const read = (parts: Iterable<string>): { outcome: boolean | number; bodyBytes: number } => {
  let bodyBytes = 0;
  const reader = new ChunkReader({
    onData: (chunk) => {
      bodyBytes += chunk.length;
    },
  });
  for (const part of parts) {
    const outcome = reader.read(Buffer.from(part), 0);
    if (outcome !== false) return { outcome, bodyBytes };
  }
  return { outcome: false, bodyBytes };
};

const chunk = (bytes: number, extension = ''): string =>
  `${bytes.toString(16)}${extension}\r\n${'y'.repeat(bytes)}\r\n`;

const END = '0\r\n\r\n';

it('reads a body that comes byte by byte, however long', () => {
  expect(read([...Array.from({ length: 100_000 }, () => chunk(1)), END])).toEqual({
    outcome: true,
    bodyBytes: 100_000,
  });
});

it('reads chunks that are signed', () => {
  const signed = `;chunk-signature=${'a'.repeat(64)}`;
  expect(read([...Array.from({ length: 1_000 }, () => chunk(8_192, signed)), END])).toEqual({
    outcome: true,
    bodyBytes: 8_192_000,
  });
});

it('refuses with 413 a body that is mostly extensions, or zeros before sizes', () => {
  const extension = `;${'a'.repeat(1_010)}`;
  const extended = read(Array.from({ length: 1_000 }, () => chunk(1, extension)));
  expect(extended).toEqual({ outcome: 413, bodyBytes: 16 });
  const mixed = [chunk(1_024), ...Array.from({ length: 62 }, () => chunk(1, extension))];
  const among = read(Array.from({ length: 100 }, () => mixed).flat());
  expect(among.outcome).toBe(413);
  expect(among.bodyBytes).toBeLessThan(2_000);
  expect(
    read(Array.from({ length: 10_000 }, () => `${chunk(1, ';a=bcdefghijklmnopqrstuvwxyz')}`)).outcome,
  ).toBe(413);
});

it('never grants more extensions than a share of what has come', () => {
  const filled = read([
    chunk(64 * 1024),
    ...Array.from({ length: 1_000 }, () => chunk(1, `;${'a'.repeat(1_010)}`)),
  ]);
  expect(filled).toEqual({ outcome: 413, bodyBytes: 64 * 1024 + 32 });
});

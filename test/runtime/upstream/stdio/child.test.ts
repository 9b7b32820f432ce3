import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { Child } from '../../../../runtime/upstream/stdio/child.ts';
import { stdioNode, testContext } from '../test-context.ts';

const MAX_BYTES = 64 * 1024 * 1024;
const LINE_BYTES = 3 * 1024 * 1024;

const children: Child[] = [];
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  await Promise.all(children.splice(0).map((child) => child.stop()));
});

/** One that reads nothing. */
const deaf = async (): Promise<Child> => {
  const owner = {
    maxLineBytes: 1024,
    onLine: () => undefined,
    onLargeLine: () => Promise.resolve(),
    onExit: () => undefined,
  };
  const child = await Child.start(stdioNode('sleep', ['60']), testContext(), owner);
  children.push(child);
  return child;
};

describe('what waits for a child that does not read is bounded by its bytes', () => {
  it.each([
    ['of one byte each, in one turn', 'x', false],
    ['of three bytes each, in one turn', '€', false],
    ['of three bytes each, in many', '€', true],
    ['of four bytes each, in many', '\u{1f600}', true],
  ])('with characters %s', async (_what, character, inMany) => {
    const child = await deaf();
    const line = character.repeat(LINE_BYTES / Buffer.byteLength(character));
    let taken = 0;
    while (child.write(line)) {
      taken += LINE_BYTES;
      if (inMany) await turn();
      expect(taken).toBeLessThanOrEqual(MAX_BYTES + 2 * LINE_BYTES);
    }
    expect(taken).toBeGreaterThan(MAX_BYTES - LINE_BYTES);
  });

  it('with short lines, too', async () => {
    const child = await deaf();
    const line = '€'.repeat(1000);
    let taken = 0;
    while (taken <= 2 * MAX_BYTES && child.write(line)) taken += 3001;
    expect(taken).toBeGreaterThan(MAX_BYTES - LINE_BYTES);
    expect(taken).toBeLessThan(MAX_BYTES + LINE_BYTES);
  });
});

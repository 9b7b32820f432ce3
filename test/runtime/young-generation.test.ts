import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const run = promisify(execFile);
const PROGRAM = fileURLToPath(new URL('../support/passing-calls.ts', import.meta.url));

/** One size for the young generation, whatever else the machine does: what does not fit becomes old. */
const SPACE_MIB = 16;
const FLAGS = ['--trace-gc-nvp', `--min-semi-space-size=${SPACE_MIB}`, `--max-semi-space-size=${SPACE_MIB}`];
/** Of what was made between two collections of the young generation. */
const MAX_PROMOTED_SHARE = 0.01;
const MIN_COLLECTIONS = 10;

interface Collection {
  readonly gc: string;
  readonly promoted: number;
}

/** The share that became old, by the median: the engine promotes much for once when it begins to mark. */
const promotedShare = async (place: string): Promise<number> => {
  const { stdout } = await run(process.execPath, [...FLAGS, PROGRAM, place], {
    maxBuffer: 64 * 1024 * 1024,
  });
  const collections = [...stdout.matchAll(/ GC: (\{.*\})$/gm)].map(
    ([, told]) => JSON.parse(told!) as Collection,
  );
  const promoted = collections.filter(({ gc }) => gc === 's').map((each) => each.promoted);
  expect(promoted.length).toBeGreaterThanOrEqual(MIN_COLLECTIONS);
  promoted.sort((one, other) => one - other);
  return promoted[Math.floor(promoted.length / 2)]! / (SPACE_MIB * 1024 * 1024);
};

describe('calls that are over do not outlive the young generation', () => {
  it.each([
    ['where a child process knows them by their ids', 'childProcess'],
    ['where a session knows them by theirs', 'session'],
    ['where they queue at a bulkhead', 'bulkhead'],
    ['where they take turns on a conversation with a process', 'conversation'],
    ['where they come over HTTP/2', 'http2'],
    ['where they hold places over all replicas, or wait for one', 'replicas'],
    ['where a session keeps the streams of their answers', 'streams'],
  ])('%s', async (_, place) => {
    expect(await promotedShare(place)).toBeLessThan(MAX_PROMOTED_SHARE);
  });
});

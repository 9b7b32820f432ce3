import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readSettled, readSettledSync, unreadReason } from '../../../runtime/reload/read-settled.ts';

const MIB = 1024 * 1024;

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatewright-read-'));
  file = join(folder, 'gateway.yaml');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** What both ways to read make of a path, which is the same. */
const reasonOf = async (path: string): Promise<string | undefined> => {
  const later = await readSettled(path).then(() => 'it was read', unreadReason);
  let now: string | undefined = 'it was read';
  try {
    readSettledSync(path);
  } catch (error) {
    now = unreadReason(error);
  }
  expect(now).toBe(later);
  return now;
};

const UNREADABLE: readonly (readonly [string, () => void, string])[] = [
  ['a missing file', () => undefined, 'it does not exist'],
  ['a folder', () => mkdirSync(file), 'it is a folder'],
  ['a pipe, which nobody writes to', () => execFileSync('mkfifo', [file]), 'it is no regular file'],
  ['a device without end', () => symlinkSync('/dev/zero', file), 'it is no regular file'],
  [
    'a file of 200 MiB',
    () => {
      writeFileSync(file, '');
      truncateSync(file, 200 * MIB);
    },
    'it has more than 16 MiB',
  ],
  ['a link to itself', () => symlinkSync('gateway.yaml', file), 'it is a link that leads in a circle'],
];

describe('a file that cannot be read', () => {
  it.each(UNREADABLE)('is told: %s', async (_name, make, reason) => {
    make();
    expect(await reasonOf(file)).toBe(reason);
  });

  it('is told where a part of its path is a file', async () => {
    writeFileSync(file, 'x');
    expect(await reasonOf(join(file, 'more'))).toBe('it does not exist: a part of its path is no folder');
  });

  it.skipIf(process.getuid?.() === 0)('is told where it may not be read', async () => {
    writeFileSync(file, 'x');
    chmodSync(file, 0o000);
    expect(await reasonOf(file)).toBe('it may not be read by this process');
  });
});

describe('a file that can be read', () => {
  it.each([0, 1, 4095, 4096, 4097, 16 * MIB])('is read whole, also of %i bytes', async (size) => {
    const bytes = Buffer.alloc(size, 'ab');
    writeFileSync(file, bytes);
    expect(readSettledSync(file).equals(bytes)).toBe(true);
    expect((await readSettled(file)).equals(bytes)).toBe(true);
  });

  it('is read whole though the system tells no size of it', async () => {
    expect(String(readSettledSync('/proc/self/status'))).toContain('Threads:');
    expect(String(await readSettled('/proc/self/status'))).toContain('Threads:');
  });
});

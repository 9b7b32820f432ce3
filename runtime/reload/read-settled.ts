/** Reads files that may be written, replaced or swapped for something else meanwhile. */
import { type BigIntStats, closeSync, constants, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';

const MAX_READS = 5;

/** The largest file that is read; a configuration or a key is far below. */
const MAX_FILE_BYTES = 16 * 1024 * 1024;

/** So that what was swapped for a pipe after it was looked at is no wait for a writer. */
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK;

/** Why a file is not read although it is there. */
class UnreadableFile extends Error {
  readonly code: 'EISDIR' | 'not-a-file' | 'too-large';

  constructor(code: UnreadableFile['code']) {
    super(code);
    this.code = code;
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'it does not exist',
  ENOTDIR: 'it does not exist: a part of its path is no folder',
  EACCES: 'it may not be read by this process',
  EPERM: 'it may not be read by this process',
  EISDIR: 'it is a folder',
  ELOOP: 'it is a link that leads in a circle',
  ENAMETOOLONG: 'it has too long a name',
  'not-a-file': 'it is no regular file',
  'too-large': 'it has more than 16 MiB',
};

/** Why reading failed, as a fact about the file; undefined where that is the machine's fault. */
export const unreadReason = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error ? REASONS[String(error.code)] : undefined;

/** Asked before a file is opened, for opening a device can do something, and of what was opened. */
const refuseUnreadable = (status: BigIntStats, maxBytes: number): void => {
  if (status.isDirectory()) throw new UnreadableFile('EISDIR');
  if (!status.isFile()) throw new UnreadableFile('not-a-file');
  if (status.size > maxBytes) throw new UnreadableFile('too-large');
};

const isSame = (before: BigIntStats, after: BigIntStats): boolean =>
  before.ino === after.ino && before.mtimeNs === after.mtimeNs && before.size === after.size;

/** What was read of a file of about this size, however long it grows while it is read. */
class Parts {
  readonly #parts: Buffer[] = [];
  #bytes = 0;
  readonly #size: number;
  readonly #maxBytes: number;

  constructor(size: bigint, maxBytes: number) {
    this.#maxBytes = maxBytes;
    // One more than there is, so that the end is found by the same read.
    this.#size = Math.max(4096, Number(size) + 1);
  }

  next(): Buffer {
    return Buffer.allocUnsafe(this.#size);
  }

  /** Whether there may be more. */
  add(part: Buffer, count: number): boolean {
    this.#parts.push(part.subarray(0, count));
    this.#bytes += count;
    if (this.#bytes > this.#maxBytes) throw new UnreadableFile('too-large');
    return count > 0;
  }

  whole(): Buffer {
    return Buffer.concat(this.#parts);
  }
}

const readWhole = async (file: FileHandle, { size }: BigIntStats, maxBytes: number): Promise<Buffer> => {
  const parts = new Parts(size, maxBytes);
  for (;;) {
    const part = parts.next();
    const { bytesRead } = await file.read(part, 0, part.length, null);
    if (!parts.add(part, bytesRead)) return parts.whole();
  }
};

const readWholeSync = (fd: number, { size }: BigIntStats): Buffer => {
  const parts = new Parts(size, MAX_FILE_BYTES);
  for (;;) {
    const part = parts.next();
    if (!parts.add(part, readSync(fd, part, 0, part.length, null))) return parts.whole();
  }
};

/**
 * Reads again, a few times, while the file changes. Rejects with a `code`, also where there is more
 * than `maxBytes`, of which little more than that is read; see {@link unreadReason}.
 */
export const readSettled = async (path: string, maxBytes = MAX_FILE_BYTES): Promise<Buffer> => {
  for (let reads = 1; ; reads += 1) {
    refuseUnreadable(await stat(path, { bigint: true }), maxBytes);
    const file = await open(path, FLAGS);
    try {
      const before = await file.stat({ bigint: true });
      refuseUnreadable(before, maxBytes);
      const bytes = await readWhole(file, before, maxBytes);
      if (isSame(before, await stat(path, { bigint: true })) || reads >= MAX_READS) return bytes;
    } finally {
      await file.close();
    }
  }
};

/** As {@link readSettled}, for who cannot wait. Throws with a `code`. */
export const readSettledSync = (path: string): Buffer => {
  for (let reads = 1; ; reads += 1) {
    refuseUnreadable(statSync(path, { bigint: true }), MAX_FILE_BYTES);
    const fd = openSync(path, FLAGS);
    try {
      const before = fstatSync(fd, { bigint: true });
      refuseUnreadable(before, MAX_FILE_BYTES);
      const bytes = readWholeSync(fd, before);
      if (isSame(before, statSync(path, { bigint: true })) || reads >= MAX_READS) return bytes;
    } finally {
      closeSync(fd);
    }
  }
};

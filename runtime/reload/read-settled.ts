/** Reads files that may be written meanwhile. */
import { type BigIntStats, closeSync, fstatSync, openSync, readFileSync, statSync } from 'node:fs';
import { open, stat } from 'node:fs/promises';

const MAX_READS = 5;

/** The largest file that is read; a configuration or a key is far below. */
const MAX_FILE_BYTES = 16 * 1024 * 1024;

/** Why a file is not read although it is there. */
class UnreadableFile extends Error {
  readonly code: 'not-a-file' | 'too-large';

  constructor(code: 'not-a-file' | 'too-large') {
    super(code);
    this.code = code;
  }
}

/** Asked before a file is opened: opening a pipe waits for a writer. */
const refuseUnreadable = (status: BigIntStats): void => {
  if (!status.isFile()) throw new UnreadableFile('not-a-file');
  if (status.size > MAX_FILE_BYTES) throw new UnreadableFile('too-large');
};

const isSame = (before: BigIntStats, after: BigIntStats): boolean =>
  before.ino === after.ino && before.mtimeNs === after.mtimeNs && before.size === after.size;

/** Reads again, a few times, while the file changes. Rejects with a `code`. */
export const readSettled = async (path: string): Promise<Buffer> => {
  for (let reads = 1; ; reads += 1) {
    refuseUnreadable(await stat(path, { bigint: true }));
    const file = await open(path);
    try {
      const before = await file.stat({ bigint: true });
      const bytes = await file.readFile();
      if (isSame(before, await stat(path, { bigint: true })) || reads >= MAX_READS) return bytes;
    } finally {
      await file.close();
    }
  }
};

/** As {@link readSettled}, for who cannot wait. Throws with a `code`. */
export const readSettledSync = (path: string): Buffer => {
  for (let reads = 1; ; reads += 1) {
    refuseUnreadable(statSync(path, { bigint: true }));
    const file = openSync(path, 'r');
    try {
      const before = fstatSync(file, { bigint: true });
      const bytes = readFileSync(file);
      if (isSame(before, statSync(path, { bigint: true })) || reads >= MAX_READS) return bytes;
    } finally {
      closeSync(file);
    }
  }
};

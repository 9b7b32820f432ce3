/** Which bytes a configuration was made of, to tell later whether the files still hold them. */
import { createHash } from 'node:crypto';
import { open, stat } from 'node:fs/promises';

/** Absolute path of each file that was read, with the SHA-256 of its bytes, or {@link ABSENT}. */
export type Snapshot = ReadonlyMap<string, string>;

/** Stands for a file that could not be read. */
export const ABSENT = 'absent';

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

/** SHA-256, hexadecimal. */
export const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const readOnce = async (path: string): Promise<{ readonly bytes: Buffer; readonly moved: boolean }> => {
  // Before it is opened: opening a pipe waits for a writer.
  const status = await stat(path);
  if (!status.isFile()) throw new UnreadableFile('not-a-file');
  if (status.size > MAX_FILE_BYTES) throw new UnreadableFile('too-large');
  const file = await open(path);
  try {
    const before = await file.stat({ bigint: true });
    const bytes = await file.readFile();
    const after = await stat(path, { bigint: true });
    const moved = before.ino !== after.ino || before.mtimeNs !== after.mtimeNs || before.size !== after.size;
    return { bytes, moved };
  } finally {
    await file.close();
  }
};

/** Reads a file that may be written meanwhile: again, a few times, while it changes. Rejects with a `code`. */
export const readSettled = async (path: string): Promise<Buffer> => {
  for (let reads = 1; ; reads += 1) {
    const { bytes, moved } = await readOnce(path);
    if (!moved || reads >= MAX_READS) return bytes;
  }
};

const digestNow = async (path: string): Promise<string> => {
  try {
    return digestOf(await readSettled(path));
  } catch {
    return ABSENT;
  }
};

/** What the files hold now. */
export const snapshotOf = async (paths: Iterable<string>): Promise<Snapshot> => {
  const snapshot = new Map<string, string>();
  for (const path of paths) snapshot.set(path, await digestNow(path));
  return snapshot;
};

/** Whether any file now differs from the snapshot. */
export const hasChanged = async (snapshot: Snapshot): Promise<boolean> => {
  for (const [path, digest] of snapshot) if ((await digestNow(path)) !== digest) return true;
  return false;
};

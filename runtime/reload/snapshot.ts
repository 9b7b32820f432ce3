/** Which bytes a configuration was made of, to tell later whether the files still hold them. */
import { createHash } from 'node:crypto';
import { readSettled } from './read-settled.ts';

/** Absolute path of each file that was read, with the SHA-256 of its bytes, or {@link ABSENT}. */
export type Snapshot = ReadonlyMap<string, string>;

/** Stands for a file that could not be read. */
export const ABSENT = 'absent';

/** SHA-256, hexadecimal. */
export const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

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

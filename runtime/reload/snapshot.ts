/** Which bytes a configuration was made of, to tell later whether the files still hold them. */
import { createHash } from 'node:crypto';
import { sep } from 'node:path';
import { listFolder } from './list-folder.ts';
import { readSettled } from './read-settled.ts';

/**
 * Absolute path of each file that was read, with the SHA-256 of its bytes, and of each folder that was listed, by
 * {@link folderKey}, with that of its names; {@link ABSENT} for what could not be read.
 */
export type Snapshot = ReadonlyMap<string, string>;

/** Stands for what could not be read. */
export const ABSENT = 'absent';

/** SHA-256, hexadecimal. */
export const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** How a listed folder is told from a file. */
export const folderKey = (path: string): string => (path.endsWith(sep) ? path : path + sep);

export const isFolderKey = (key: string): boolean => key.endsWith(sep);

/** Of names as `listFolder` gives them. */
export const digestOfNames = (names: readonly string[]): string => digestOf(Buffer.from(names.join('\0')));

const digestNow = async (path: string): Promise<string> => {
  try {
    if (isFolderKey(path)) {
      const names = listFolder(path);
      return names === undefined ? ABSENT : digestOfNames(names);
    }
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

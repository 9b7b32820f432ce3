/** What is in a folder that a glob names. */
import { type Dirent, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const isFolder = (folder: string, entry: Dirent): boolean => {
  if (!entry.isSymbolicLink()) return entry.isDirectory();
  try {
    return statSync(join(folder, entry.name)).isDirectory();
  } catch {
    return false;
  }
};

/**
 * Names in a folder, sorted, those of folders with a `/` behind; without those that begin with a dot, which no glob
 * matches and editors make and remove. Undefined if it cannot be listed.
 */
export const listFolder = (folder: string): readonly string[] | undefined => {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter(({ name }) => !name.startsWith('.'))
      .map((entry) => (isFolder(folder, entry) ? `${entry.name}/` : entry.name))
      .sort();
  } catch {
    return undefined;
  }
};

/** Writes files so that nobody ever reads a part of one, whatever ends the process or the machine. */
import { randomBytes } from 'node:crypto';
import { open, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** Makes a change of the folder's names last; file systems that cannot say no word. */
const syncFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder, 'r').catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
};

/**
 * Makes a file with `mode`, or replaces one and keeps its mode; a link is followed. Where `path` is no file but a
 * device or a pipe, it is written to.
 * Rejects with what the system says and leaves the file as it was.
 */
export const writeWhole = async (path: string, text: string, mode = 0o666): Promise<void> => {
  const target = await realpath(path).catch(() => path);
  const status = await stat(target).catch(() => undefined);
  if (status !== undefined && !status.isFile()) return await writeFile(target, text);
  const beside = join(dirname(target), `.${basename(target)}.${randomBytes(6).toString('hex')}.tmp`);
  try {
    const handle = await open(beside, 'wx', status?.mode ?? mode);
    try {
      if (status !== undefined) await handle.chmod(status.mode);
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(beside, target);
  } catch (error) {
    await rm(beside, { force: true }).catch(() => undefined);
    throw error;
  }
  await syncFolder(dirname(target));
};

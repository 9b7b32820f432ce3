/** Writes a file so that whoever reads it finds the old text or the new one, and never a part. */
import { randomBytes } from 'node:crypto';
import { chmodSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** Replaces the text of a file that is there, or of what a link leads to; its mode stays. Throws what the system says. */
export const replaceFile = (path: string, text: string): void => {
  const real = realpathSync(path);
  const { mode } = statSync(real);
  const beside = join(dirname(real), `.${basename(real)}.${randomBytes(6).toString('hex')}`);
  try {
    writeFileSync(beside, text, { flag: 'wx', mode });
    chmodSync(beside, mode);
    renameSync(beside, real);
  } catch (error) {
    rmSync(beside, { force: true });
    throw error;
  }
};

/** A disk of its own, small enough to be filled: a tmpfs. */
import { spawnSync } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const SIZE_BYTES = 64 * 2 ** 20;
const BLOCK_BYTES = 4_096;

export class Disk implements AsyncDisposable {
  readonly folder: string;
  /** Whether it is a disk of its own, or only a folder: then it cannot be filled. */
  readonly canBeFull: boolean;

  private constructor(folder: string, canBeFull: boolean) {
    this.folder = folder;
    this.canBeFull = canBeFull;
  }

  static async mount(folder: string): Promise<Disk> {
    await mkdir(folder);
    const options = ['-t', 'tmpfs', '-o', `size=${SIZE_BYTES}`, 'tmpfs', folder];
    const { status } = spawnSync('mount', options, { stdio: 'ignore' });
    return new Disk(folder, status === 0);
  }

  /** Takes all the room that is left. */
  async fill(): Promise<void> {
    for (const blocks of [256, 16, 1])
      for (let count = 0; ; count += 1) {
        const file = join(this.folder, `ballast-${blocks}-${count}`);
        try {
          await writeFile(file, Buffer.alloc(blocks * BLOCK_BYTES, 1));
        } catch {
          await rm(file, { force: true });
          break;
        }
      }
  }

  async free(): Promise<void> {
    for (const blocks of [256, 16, 1])
      for (let count = 0; count <= SIZE_BYTES / (blocks * BLOCK_BYTES); count += 1)
        await rm(join(this.folder, `ballast-${blocks}-${count}`), { force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.canBeFull) spawnSync('umount', ['--lazy', this.folder]);
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** What is too large to be held, kept in a file that has no name any more. */
import { type FileHandle, mkdtemp, open, rmdir, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { notePassed } from '../large/collect.ts';

/** Opens a file that only this process can read and that ends with it. */
const openNameless = async (): Promise<FileHandle> => {
  const folder = await mkdtemp(join(tmpdir(), 'gatewright-spool-'));
  const path = join(folder, 'message');
  const file = await open(path, 'wx+', 0o600);
  await unlink(path);
  await rmdir(folder);
  return file;
};

/** Written to its end, then read. Once it failed or was closed it takes what comes and keeps nothing. */
export class Spool {
  /** Whether some of what was written is not there: the disk is full, or it was closed. */
  lost = false;
  #file: FileHandle | undefined;
  #bytes = 0;
  #pendingBytes = 0;
  #tail: Promise<void>;

  constructor() {
    this.#tail = openNameless().then(
      (file) => {
        this.#file = file;
      },
      () => {
        this.lost = true;
      },
    );
  }

  /** Of all that was written. */
  get bytes(): number {
    return this.#bytes;
  }

  /** What the disk has not taken yet. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  write(chunk: Buffer): void {
    const position = this.#bytes;
    this.#bytes += chunk.length;
    this.#pendingBytes += chunk.length;
    this.#tail = this.#tail.then(() => this.#write(chunk, position));
  }

  async #write(chunk: Buffer, position: number): Promise<void> {
    try {
      for (let at = 0; at < chunk.length && !this.lost; ) {
        const { bytesWritten } = await this.#file!.write(chunk, at, chunk.length - at, position + at);
        at += bytesWritten;
      }
    } catch {
      this.lost = true;
    }
    this.#pendingBytes -= chunk.length;
    notePassed(chunk.length);
  }

  /** Resolves when all that was written is there, or lost. */
  flushed(): Promise<void> {
    return this.#tail;
  }

  /** Up to `maxBytes` from `position`; nothing at the end. Rejects if they cannot be read. */
  async read(position: number, maxBytes: number): Promise<Buffer> {
    if (this.lost || this.#file === undefined) throw new Error('the message is lost');
    const buffer = Buffer.allocUnsafeSlow(Math.min(maxBytes, this.#bytes - position));
    if (buffer.length === 0) return buffer;
    const { bytesRead } = await this.#file.read(buffer, 0, buffer.length, position);
    if (bytesRead === 0) throw new Error('the message is lost');
    return buffer.subarray(0, bytesRead);
  }

  /** Gives the disk back. Harmless the second time. */
  close(): void {
    this.lost = true;
    this.#tail = this.#tail.then(async () => {
      const file = this.#file;
      this.#file = undefined;
      await file?.close().catch(() => undefined);
    });
  }
}

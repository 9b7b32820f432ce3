/**
 * Imported into the gateway under test (`--expose-gc --import`): tells what the process holds on SIGUSR2, after a
 * collection, by writing it to the file that the query of this module's URL names.
 */
import { renameSync, writeFileSync } from 'node:fs';

/** What a process occupies, in bytes. */
export interface HeldMemory {
  readonly residentBytes: number;
  readonly externalBytes: number;
  readonly heapBytes: number;
}

const file = new URL(import.meta.url).searchParams.get('file')!;

process.on('SIGUSR2', () => {
  // What a collection finds dead may be freed by its finalizers only after it.
  globalThis.gc?.();
  setTimeout(() => {
    globalThis.gc?.();
    const { rss, external, heapUsed } = process.memoryUsage();
    const held: HeldMemory = { residentBytes: rss, externalBytes: external, heapBytes: heapUsed };
    writeFileSync(`${file}.new`, JSON.stringify(held));
    renameSync(`${file}.new`, file);
  }, 500);
});

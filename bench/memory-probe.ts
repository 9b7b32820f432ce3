/**
 * Imported into the gateway under test (`--import`): on SIGUSR2 it writes what the process holds to the file that the
 * query of this module's URL names. Nothing is collected for it: what the system sees counts.
 */
import { renameSync, writeFileSync } from 'node:fs';

/** What a process occupies, in bytes. */
export interface HeldMemory {
  readonly residentBytes: number;
  readonly externalBytes: number;
}

const file = new URL(import.meta.url).searchParams.get('file')!;

process.on('SIGUSR2', () => {
  const { rss, external } = process.memoryUsage();
  const held: HeldMemory = { residentBytes: rss, externalBytes: external };
  writeFileSync(`${file}.new`, JSON.stringify(held));
  renameSync(`${file}.new`, file);
});

/** A configuration or an artifact in a git repository of this machine, as of the commit that a reference names. */
import { resolve } from 'node:path';
import { hostOf } from '../fetched-files.ts';
import { latestCommit } from '../git-files.ts';
import type { Address } from './address.ts';
import type { Fetched, Source } from './source.ts';

export class GitSource implements Source {
  readonly #address: Extract<Address, { kind: 'git' }>;
  #last: Fetched | undefined;

  constructor(address: Extract<Address, { kind: 'git' }>) {
    this.#address = address;
  }

  async fetch(signal: AbortSignal): Promise<Fetched> {
    const { folder, reference, path } = this.#address;
    const cwd = resolve(folder);
    const { id, atMs } = await latestCommit(reference, cwd, signal);
    if (this.#last?.revision === id) return this.#last;
    const fetched = { kind: 'commit', id, folder: cwd } as const;
    this.#last = { ...hostOf(fetched), fetched, revision: id, main: path, publishedAtMs: atMs };
    return this.#last;
  }

  async close(): Promise<void> {}
}

/** Keeps what was served on disk: to start from when the configuration is broken, and to go back to. */
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { signatureFileOf } from '../../schema/artifact-signature.ts';
import type { CompiledGraph } from '../../schema/graph/graph.ts';
import { writeWhole } from '../write-whole.ts';
import { artifactFileIn, indexFileIn, indexText, readIndex } from './accepted-index.ts';
import { type AcceptedArtifact, compileFile, type Trust } from './compile.ts';
import { findingLine } from './reload-fields.ts';

export interface AcceptedOptions {
  /** Made if it is missing. One process writes to it. */
  readonly folder: string;
  /** How many are kept, the newest. */
  readonly count: number;
  readonly trust: Trust | undefined;
  /** Told of what could not be kept. Serving does not depend on it. */
  readonly onFailure: (error: unknown) => void;
}

/** An artifact that is kept, or why it cannot be served. */
export type LastAccepted =
  | { readonly compiled: CompiledGraph; readonly file: string }
  | { readonly compiled: undefined; readonly problem: string };

/** Hashes of keys are in it, and whatever stands in the configuration literally. */
const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;

/** What this file writes: artifacts, signatures, and what an end of the process left of writing them. */
const OWN_NAME = /^\.?([0-9a-f]{64})\.json(\.sig)?(\.[0-9a-f]{12}\.tmp)?$/;

/** The artifacts of one folder. Writes happen one after the other, behind what is served. */
export class AcceptedArtifacts {
  readonly #options: AcceptedOptions;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: AcceptedOptions) {
    this.#options = options;
  }

  /** Keeps an artifact that is served from now on, and drops the oldest. */
  keep(artifact: AcceptedArtifact, atMs: number): void {
    this.#writing = this.#writing.then(() => this.#write(artifact, atMs)).catch(this.#options.onFailure);
  }

  /** Resolves when all that was to be kept is written, or could not be. */
  close(): Promise<void> {
    return this.#writing;
  }

  /** The one that was served last, held to its hash and to the keys that are trusted. */
  last(): LastAccepted {
    const { folder, trust } = this.#options;
    try {
      const [newest] = readIndex(folder);
      if (newest === undefined) return { compiled: undefined, problem: `none is kept in ${folder}` };
      const file = artifactFileIn(folder, newest.hash);
      const { compiled, diagnostics } = compileFile(file, [], trust);
      if (compiled === undefined)
        return { compiled, problem: diagnostics.map((finding) => findingLine(finding)).join('\n') };
      return compiled.hash === newest.hash
        ? { compiled, file }
        : { compiled: undefined, problem: `${file} holds another graph than its name says` };
    } catch (error) {
      return { compiled: undefined, problem: error instanceof Error ? error.message : String(error) };
    }
  }

  async #write({ hash, text, signature }: AcceptedArtifact, atMs: number): Promise<void> {
    const { folder, count } = this.#options;
    await mkdir(folder, { recursive: true, mode: FOLDER_MODE });
    const before = readIndex(folder).filter((entry) => entry.hash !== hash);
    const file = artifactFileIn(folder, hash);
    if (signature === undefined) await rm(signatureFileOf(file), { force: true });
    else await writeWhole(signatureFileOf(file), signature, FILE_MODE);
    await writeWhole(file, text, FILE_MODE);
    const accepted = [{ hash, at: new Date(atMs).toISOString() }, ...before].slice(0, count);
    await writeWhole(indexFileIn(folder), indexText(accepted), FILE_MODE);
    await this.#sweep(new Set(accepted.map((entry) => entry.hash)));
  }

  /** Removes what the list does not name. */
  async #sweep(kept: ReadonlySet<string>): Promise<void> {
    const { folder } = this.#options;
    for (const name of await readdir(folder)) {
      const [, hash, , unfinished] = OWN_NAME.exec(name) ?? [];
      if (hash === undefined || (kept.has(hash) && unfinished === undefined)) continue;
      await rm(join(folder, name), { force: true });
    }
  }
}

/** What every place is asked for that a configuration may come from. */
import { signatureFileOf } from '../../../schema/artifact-signature.ts';
import type { FileHost } from '../compile.ts';
import { type FetchedFiles, hostOf } from '../fetched-files.ts';

/** A configuration as it was when it was fetched: nothing of it changes any more. */
export interface Fetched extends FileHost {
  /** Another one for whatever is not the same. */
  readonly revision: string;
  /** What the main file is asked for by, and called in diagnostics. */
  readonly main: string;
  /** Milliseconds since the epoch, as far as the source tells. */
  readonly publishedAtMs: number | undefined;
  /** What `read` and `list` tell of, for another thread. */
  readonly fetched: FetchedFiles;
}

export interface Source {
  /** What is there now: the same object if nothing has changed. Rejects with an Error that says what is in the way. */
  fetch(signal: AbortSignal): Promise<Fetched>;
  close(): Promise<void>;
}

interface Pair {
  readonly revision: string;
  readonly main: string;
  readonly artifact: Uint8Array;
  readonly signature: Uint8Array | undefined;
  readonly publishedAtMs: number | undefined;
}

/** An artifact with its signature, and no other file. */
export const fetchedPair = ({ revision, main, artifact, signature, publishedAtMs }: Pair): Fetched => {
  const files = new Map([
    [main, artifact],
    [signatureFileOf(main), signature],
  ]);
  const fetched = { kind: 'held', files } as const;
  return { revision, main, publishedAtMs, fetched, ...hostOf(fetched) };
};

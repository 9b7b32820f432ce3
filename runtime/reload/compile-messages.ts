/** What the process and the thread that compiles say to each other. Plain data, structured-cloned. */
import type { Diagnostic } from '../../schema/diagnostic.ts';
import type { CompiledGraph } from '../../schema/graph/graph.ts';
import type { AcceptedArtifact, Trust } from './compile.ts';
import type { FetchedFiles } from './fetched-files.ts';
import type { Snapshot } from './snapshot.ts';
import type { ToldGraph } from './told-graph.ts';

/** What is to be compiled. */
export interface CompileRequest {
  readonly main: string;
  readonly overlays: readonly string[];
  readonly trust: Trust | undefined;
  /** Absent for files of the disk. */
  readonly fetched: FetchedFiles | undefined;
}

export interface ToCompiler extends CompileRequest {
  /** Of the program, for the artifact. */
  readonly version: string;
}

/** An artifact as bytes, which are handed over and not copied. */
export interface PackedArtifact extends Omit<AcceptedArtifact, 'text'> {
  readonly bytes: Uint8Array;
}

export type FromCompiler =
  | {
      readonly kind: 'compiled';
      readonly compiled: (Pick<CompiledGraph, 'hash' | 'sources'> & { readonly told: ToldGraph }) | undefined;
      readonly artifact: PackedArtifact | undefined;
      readonly diagnostics: readonly Diagnostic[];
      readonly files: Snapshot;
      /** Of the files that diagnostics name. */
      readonly texts: ReadonlyMap<string, string>;
    }
  | { readonly kind: 'failed'; readonly message: string; readonly code: string | undefined };

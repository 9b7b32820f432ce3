/** What a reloader is made with: where it reads, and what it does with what it has read. */
import type { CompiledGraph } from '../../schema/graph/graph.ts';
import type { AcceptedArtifact, Trust } from './compile.ts';
import type { Compiler } from './compiler.ts';
import type { Elsewhere } from './elsewhere/elsewhere.ts';
import type { ReloadResult } from './reload-result.ts';
import type { LoadedGraph } from './reloader.ts';
import type { Snapshot } from './snapshot.ts';

export interface ReloaderOptions<G> {
  /** The main file as it shall be called in diagnostics: absolute, or relative to the working directory. */
  readonly file: string;
  /** Where the configuration comes from if it is no file of the disk; `file` is what people call it then. */
  readonly elsewhere?: Pick<Elsewhere, 'fetch' | 'current' | 'baseDirectory' | 'served'> | undefined;
  /** Files laid over it, the later over the earlier. */
  readonly overlays: readonly string[];
  /** Whose signature the file must have, if any. */
  readonly trust?: Trust | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Compiles what is loaded while another graph serves; undefined: on the thread that asks. */
  readonly compiler?: Pick<Compiler, 'compile' | 'close'>;
  /** What to serve at the start if the files have errors; undefined: nothing. */
  readonly fallback?: () => CompiledGraph | undefined;
  /** Brings a graph to the point where nothing can fail any more, or rejects and leaves nothing behind. */
  readonly prepare: (loaded: LoadedGraph) => Promise<G>;
  /** Gives back what was prepared and shall not serve. */
  readonly discard: (prepared: G) => Promise<void>;
  /** Must not fail. Resolves once what was prepared serves everywhere. */
  readonly swap: (prepared: G) => void | Promise<void>;
  /** Told of every attempt, before `reload` resolves. */
  readonly onResult: (result: ReloadResult) => void;
  /** Told of what the files have brought to serve, before `onResult`. */
  readonly onAccepted?: (artifact: (version: string) => AcceptedArtifact | undefined) => void;
  /** Told of the files of every attempt, after `onResult`: what is to be watched from then on. */
  readonly onFiles?: (files: Snapshot) => void;
}

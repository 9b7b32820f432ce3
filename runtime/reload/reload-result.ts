/** What is told of an attempt to reload: by the log, metrics, status and `POST /-/reload`. */
import type { Diagnostic } from '../../schema/diagnostic.ts';
import type { ReferenceProblem } from './references.ts';

/** Who asked. */
export type ReloadCause = 'start' | 'watch' | 'signal' | 'request';

/**
 * `applied`: a new graph serves. `unchanged`: it would be the same. `rejected`: the files have errors. `failed`: the
 * graph could not be brought to serve. In the last three the old one serves on.
 */
export type ReloadOutcome = 'applied' | 'unchanged' | 'rejected' | 'failed';

export interface ReloadResult {
  readonly result: ReloadOutcome;
  readonly cause: ReloadCause;
  /** Milliseconds since the epoch, when it ended. */
  readonly atMs: number;
  readonly durationMs: number;
  /** How much of it the compiler took. */
  readonly compileMs: number;
  /** Warnings too. */
  readonly diagnostics: readonly Diagnostic[];
  /** Text of a file that was compiled, by its name in `diagnostics`. */
  readonly textOf: (file: string) => string | undefined;
  /** References without a value. */
  readonly unresolved: readonly ReferenceProblem[];
  /** Of the graph that serves now; empty if none does. */
  readonly artifactHash: string;
  readonly effectiveHash: string;
  /** What serves is the artifact that was served last before the start, for the files have never been right since. */
  readonly isFallback: boolean;
  /** Why it failed. For the log and the operator. */
  readonly error?: unknown;
}

/** The only door to the compiler: from a file to a graph. */
import { resolve } from 'node:path';
import { compile } from '../../compiler/compile.ts';
import type { Diagnostic } from '../../schema/diagnostic.ts';
import type { CompiledGraph } from '../../schema/graph/graph.ts';
import { readSettledSync } from './read-settled.ts';
import { ABSENT, type Snapshot } from './snapshot.ts';

export interface CompileOutcome {
  /** Absent if there are errors. */
  readonly compiled: CompiledGraph | undefined;
  /** Errors and warnings, sorted by place. */
  readonly diagnostics: readonly Diagnostic[];
  /** Every file that was asked for, present or not, with the digest of the bytes that were compiled. */
  readonly files: Snapshot;
  /** Text of a file that was compiled, by its name in diagnostics, to show places in it. */
  readonly textOf: (file: string) => string | undefined;
}

/** Compiles `main`: absolute, or relative to the working directory. It is named so in diagnostics. */
export const compileFile = (main: string): CompileOutcome => {
  const texts = new Map<string, Buffer>();
  const read = (path: string): Buffer | undefined => {
    try {
      const bytes = readSettledSync(resolve(path));
      texts.set(path, bytes);
      return bytes;
    } catch {
      return undefined;
    }
  };
  const { compiled, diagnostics, sources } = compile({ main, read });
  const files = new Map(sources.map(({ path, sha256 }) => [resolve(path), sha256 ?? ABSENT]));
  return { compiled, diagnostics, files, textOf: (file) => texts.get(file)?.toString('utf8') };
};

/** The only door to the compiler: from a file to a graph. */
import { isAbsolute, resolve } from 'node:path';
import { compile } from '../../compiler/compile.ts';
import type { Diagnostic } from '../../schema/diagnostic.ts';
import type { CompiledGraph } from '../../schema/graph/graph.ts';
import { listFolder } from './list-folder.ts';
import { readSettledSync } from './read-settled.ts';
import { ABSENT, digestOfNames, folderKey, type Snapshot } from './snapshot.ts';

export interface CompileOutcome {
  /** Absent if there are errors. */
  readonly compiled: CompiledGraph | undefined;
  /** Errors and warnings, sorted by place. */
  readonly diagnostics: readonly Diagnostic[];
  /** Every file and folder that was asked for, present or not, with the digest of what was compiled. */
  readonly files: Snapshot;
  /** Text of a file that was compiled, by its name in diagnostics, to show places in it. */
  readonly textOf: (file: string) => string | undefined;
}

/** An overlay of a main file that is absolute is absolute too, so that each can be named from the other. */
const overlaysOf = (main: string, overlays: readonly string[]): readonly string[] =>
  isAbsolute(main) ? overlays.map((path) => resolve(path)) : overlays;

/**
 * Compiles `main` with overlays over it: absolute, or relative to the working directory. They are named so in
 * diagnostics.
 */
export const compileFile = (main: string, overlays: readonly string[]): CompileOutcome => {
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
  const names = new Map<string, string>();
  const list = (folder: string): readonly string[] | undefined => {
    const found = listFolder(resolve(folder));
    names.set(folder, found === undefined ? ABSENT : digestOfNames(found));
    return found;
  };
  const { compiled, diagnostics, sources } = compile({
    main,
    overlays: overlaysOf(main, overlays),
    read,
    list,
  });
  const files = new Map(
    sources.map(({ path, sha256, isFolder }) =>
      isFolder ? [folderKey(resolve(path)), names.get(path)!] : [resolve(path), sha256 ?? ABSENT],
    ),
  );
  return { compiled, diagnostics, files, textOf: (file) => texts.get(file)?.toString('utf8') };
};

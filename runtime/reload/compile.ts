/** The only door to the compiler: from a file to a graph. */
import { isAbsolute, resolve } from 'node:path';
import { isArtifact } from '../../compiler/artifact/read-artifact.ts';
import { type CompileInput, type CompileResult, compile } from '../../compiler/compile.ts';
import { emitArtifact } from '../../compiler/emit/artifact.ts';
import { signatureFileOf } from '../../schema/artifact-signature.ts';
import type { Diagnostic } from '../../schema/diagnostic.ts';
import type { CompiledGraph } from '../../schema/graph/graph.ts';
import { listFolder } from './list-folder.ts';
import { readSettledSync } from './read-settled.ts';
import { ABSENT, digestOfNames, folderKey, type Snapshot } from './snapshot.ts';

/** Public keys, one of which must have signed what is served. */
export type Trust = NonNullable<CompileInput['trust']>;

/** What was compiled, in a form that can be served again. */
export interface AcceptedArtifact {
  readonly hash: string;
  readonly text: string;
  /** The text of its signature, where one was required. */
  readonly signature: string | undefined;
}

export interface CompileOutcome {
  /** Absent if there are errors. */
  readonly compiled: CompiledGraph | undefined;
  /** Errors and warnings, sorted by place. */
  readonly diagnostics: readonly Diagnostic[];
  /** Every file and folder that was asked for, present or not, with the digest of what was compiled. */
  readonly files: Snapshot;
  /** Text of a file that was compiled, by its name in diagnostics, to show places in it. */
  readonly textOf: (file: string) => string | undefined;
  /** The artifact of `compiled`: what was read if it was one, else what this version of the program makes of it. */
  readonly artifact: (version: string) => AcceptedArtifact | undefined;
}

/** An overlay of a main file that is absolute is absolute too, so that each can be named from the other. */
const overlaysOf = (main: string, overlays: readonly string[]): readonly string[] =>
  isAbsolute(main) ? overlays.map((path) => resolve(path)) : overlays;

const artifactOf = (
  main: string,
  { compiled, places }: CompileResult,
  texts: ReadonlyMap<string, Buffer>,
  compilerVersion: string,
): AcceptedArtifact | undefined => {
  if (compiled === undefined) return undefined;
  const bytes = texts.get(main);
  const text =
    bytes !== undefined && isArtifact(bytes)
      ? bytes.toString('utf8')
      : emitArtifact({ compiled, places: places(), compilerVersion });
  return { hash: compiled.hash, text, signature: texts.get(signatureFileOf(main))?.toString('utf8') };
};

/**
 * Compiles `main` with overlays over it, or reads it if it is an artifact: absolute, or relative to the working
 * directory. They are named so in diagnostics. With `trust`, nothing but an artifact that is signed is read.
 */
export const compileFile = (main: string, overlays: readonly string[], trust?: Trust): CompileOutcome => {
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
  const result = compile({
    main,
    overlays: overlaysOf(main, overlays),
    read,
    list,
    ...(trust === undefined ? {} : { trust }),
  });
  const files = new Map(
    result.sources.map(({ path, sha256, isFolder }) =>
      isFolder ? [folderKey(resolve(path)), names.get(path)!] : [resolve(path), sha256 ?? ABSENT],
    ),
  );
  return {
    compiled: result.compiled,
    diagnostics: result.diagnostics,
    files,
    textOf: (file) => texts.get(file)?.toString('utf8'),
    artifact: (version) => artifactOf(main, result, texts, version),
  };
};

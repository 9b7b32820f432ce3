/** The only door to the compiler: from a file to a graph. */
import { isAbsolute, resolve } from 'node:path';
import { isArtifact } from '../../compiler/artifact/read-artifact.ts';
import { isTrusted } from '../../compiler/artifact/signature.ts';
import { type CompileInput, type CompileResult, compile } from '../../compiler/compile.ts';
import type { Code } from '../../compiler/diagnostics/catalogue.ts';
import { emitArtifact } from '../../compiler/emit/artifact.ts';
import { openFiles } from '../../compiler/source/files.ts';
import { signatureFileOf } from '../../schema/artifact-signature.ts';
import type { Diagnostic } from '../../schema/diagnostic.ts';
import type { CompiledGraph } from '../../schema/graph/graph.ts';
import { listFolder } from './list-folder.ts';
import { readSettledSync, unreadReason } from './read-settled.ts';
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

/** Files that are somewhere else than on disk, by the names that the compiler asks for. */
export interface FileHost {
  readonly read: (path: string) => Uint8Array | undefined;
  readonly list: (folder: string) => readonly string[] | undefined;
}

export interface CompileOutcome {
  /** Absent if there are errors. */
  readonly compiled: CompiledGraph | undefined;
  /** Errors and warnings, sorted by place. */
  readonly diagnostics: readonly Diagnostic[];
  /** Every file and folder of the disk that was asked for, present or not, with the digest of what was compiled. */
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
  texts: ReadonlyMap<string, Uint8Array>,
  compilerVersion: string,
): AcceptedArtifact | undefined => {
  if (compiled === undefined) return undefined;
  const bytes = texts.get(main);
  const text =
    bytes !== undefined && isArtifact(bytes)
      ? textIn(bytes)
      : emitArtifact({ compiled, places: places(), compilerVersion });
  const signature = texts.get(signatureFileOf(main));
  return { hash: compiled.hash, text, signature: signature && textIn(signature) };
};

const textIn = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');

const DISK: FileHost = {
  read: (path) => readSettledSync(resolve(path)),
  list: (folder) => listFolder(resolve(folder)),
};

/** Counts what is read of a host. Once it is more than `maxBytes` nothing is read any more. */
const budgetOf = (maxBytes: number, { read }: FileHost): Pick<FileHost, 'read'> & { isSpent: boolean } => {
  let left = maxBytes;
  return {
    isSpent: false,
    read(path) {
      if (this.isSpent) return undefined;
      const bytes = read(path);
      left -= bytes?.byteLength ?? 0;
      this.isSpent = left < 0;
      return this.isSpent ? undefined : bytes;
    },
  };
};

/** What a signature lacks that another look at the same place may bring: it is not there, half, or of another artifact. */
const UNFIT: ReadonlySet<Code> = new Set<Code>(['GW6010', 'GW6011', 'GW6013']);

/** Whether an artifact and the signature found beside it may belong together, as far as trusted keys can tell. */
export const arePair = (artifact: Uint8Array, signature: Uint8Array | undefined, trust: Trust): boolean => {
  const main = 'artifact';
  let found: Code | undefined;
  isTrusted(main, artifact, openFiles({ main, read: () => signature }), trust, (code) => {
    found = code;
  });
  return found === undefined || !UNFIT.has(found);
};

/** As {@link compileFile}; undefined, and hardly more than that is read, where its files have more than `maxBytes`. */
export const compileSmall = (
  maxBytes: number,
  main: string,
  overlays: readonly string[],
  trust?: Trust,
  host: FileHost = DISK,
): CompileOutcome | undefined => {
  const budget = budgetOf(maxBytes, host);
  const outcome = compileWith((path) => budget.read(path), main, overlays, trust, host);
  return budget.isSpent ? undefined : outcome;
};

/**
 * Compiles `main` with overlays over it, or reads it if it is an artifact: absolute, or relative to the working
 * directory, or as `host` calls it. They are named so in diagnostics. With `trust`, nothing but an artifact that is
 * signed is read. `onStep` is called between steps.
 */
export const compileFile = (
  main: string,
  overlays: readonly string[],
  trust?: Trust,
  host: FileHost = DISK,
  onStep?: () => void,
): CompileOutcome => compileWith(host.read, main, overlays, trust, host, onStep);

const compileWith = (
  readFile: FileHost['read'],
  main: string,
  overlays: readonly string[],
  trust: Trust | undefined,
  host: FileHost,
  onStep?: () => void,
): CompileOutcome => {
  const texts = new Map<string, Uint8Array>();
  const reasons = new Map<string, string | undefined>();
  const read = (path: string): Uint8Array | undefined => {
    try {
      const bytes = readFile(path);
      if (bytes !== undefined) texts.set(path, bytes);
      return bytes;
    } catch (error) {
      reasons.set(path, unreadReason(error));
      return undefined;
    }
  };
  const names = new Map<string, string>();
  const list = (folder: string): readonly string[] | undefined => {
    const found = host.list(folder);
    names.set(folder, found === undefined ? ABSENT : digestOfNames(found));
    return found;
  };
  const result = compile({
    main,
    overlays: overlaysOf(main, overlays),
    read,
    whyUnread: (path) => reasons.get(path),
    list,
    onStep,
    ...(trust === undefined ? {} : { trust }),
  });
  const onDisk = host === DISK ? result.sources : [];
  const files = new Map(
    onDisk.map(({ path, sha256, isFolder }) =>
      isFolder ? [folderKey(resolve(path)), names.get(path)!] : [resolve(path), sha256 ?? ABSENT],
    ),
  );
  return {
    compiled: result.compiled,
    diagnostics: result.diagnostics,
    files,
    textOf: (file) => {
      const bytes = texts.get(file);
      return bytes && textIn(bytes);
    },
    artifact: (version) => artifactOf(main, result, texts, version),
  };
};

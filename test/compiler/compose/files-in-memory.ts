/** A folder in memory as the host of a compile. */
import { posix } from 'node:path';
import { type CompileResult, compile } from '../../../compiler/compile.ts';

/** Paths of files to their texts. */
export type FilesInMemory = Readonly<Record<string, string>>;

/** Names in a folder, those of folders with a `/` behind, as a host lists them. */
export const namesIn =
  (files: FilesInMemory) =>
  (folder: string): readonly string[] | undefined => {
    const prefix = folder === '.' ? '' : `${folder}/`;
    const below = Object.keys(files).filter((path) => path.startsWith(prefix));
    const names = below.map((path) => path.slice(prefix.length).replace(/\/.*/s, '/'));
    return below.length === 0 ? undefined : [...new Set(names)].reverse();
  };

export const compileInMemory = (
  files: FilesInMemory,
  { main = 'gateway.yaml', overlays = [] }: { main?: string; overlays?: readonly string[] } = {},
): CompileResult =>
  compile({
    main,
    overlays,
    read: (asked) => {
      const path = posix.normalize(asked);
      return Object.hasOwn(files, path) ? Buffer.from(files[path]!) : undefined;
    },
    list: namesIn(files),
  });

/** Severity, code and place of each finding. */
export const findingsOf = ({ diagnostics }: CompileResult): readonly string[] =>
  diagnostics.map(
    ({ severity, code, span }) => `${severity} ${code} ${span.file}:${span.line}:${span.column}`,
  );

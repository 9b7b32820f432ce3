/** The files of one compile: read through the host, each once, and remembered with their hash. */
import { createHash } from 'node:crypto';
import { posix } from 'node:path';

/** A file that was asked for; `sha256` is absent if it could not be read. */
export interface SourceRead {
  /** As it was asked of the host. */
  readonly path: string;
  readonly sha256?: string;
}

export interface Files {
  /** Bytes of a file; undefined if it cannot be read. */
  open(path: string): Uint8Array | undefined;
  /** The path of a file that the main file names. */
  beside(path: string): string;
  /** Every file asked for, in the order in which it was asked for first. */
  reads(): readonly SourceRead[];
  /** A path as the graph names it: relative to the main file's folder. */
  relative(path: string): string;
}

export const openFiles = (main: string, read: (path: string) => Uint8Array | undefined): Files => {
  const known = new Map<string, { bytes: Uint8Array | undefined; read: SourceRead }>();
  const folder = posix.dirname(main);
  return {
    open(path) {
      const seen = known.get(path);
      if (seen) return seen.bytes;
      const bytes = read(path);
      const sha256 = bytes && createHash('sha256').update(bytes).digest('hex');
      known.set(path, { bytes, read: sha256 === undefined ? { path } : { path, sha256 } });
      return bytes;
    },
    beside: (path) => (posix.isAbsolute(path) ? posix.normalize(path) : posix.join(folder, path)),
    reads: () => Array.from(known.values(), ({ read }) => read),
    relative: (path) =>
      path === main
        ? posix.basename(main)
        : posix.isAbsolute(path) && !posix.isAbsolute(folder)
          ? path
          : posix.relative(folder, path),
  };
};

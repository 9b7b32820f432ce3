/** The files of one compile: read through the host, each once, and remembered with their hash. */
import { createHash } from 'node:crypto';
import { posix } from 'node:path';

/** A file or folder that was asked for. */
export interface SourceRead {
  /** As it was asked of the host. */
  readonly path: string;
  /** Of a file's bytes; absent if it could not be read. */
  readonly sha256?: string;
  /** A folder whose names were asked for. */
  readonly isFolder?: true;
}

export interface Files {
  /** Bytes of a file; undefined if it cannot be read. */
  open(path: string): Uint8Array | undefined;
  /** Why a file cannot be read, where that is known. */
  whyUnread(path: string): string | undefined;
  /** Names in a folder; undefined if it cannot be listed. */
  list(folder: string): readonly string[] | undefined;
  /** The path of a file that the file `from` names. */
  beside(path: string, from: string): string;
  /** Every file and folder asked for, in the order in which it was asked for first. */
  reads(): readonly SourceRead[];
  /** A path as the graph names it: relative to the main file's folder, or absolute where the configuration says so. */
  relative(path: string): string;
}

/** What the host answers with; see `CompileInput`. */
interface Host {
  readonly main: string;
  readonly read: (path: string) => Uint8Array | undefined;
  readonly whyUnread?: (path: string) => string | undefined;
  readonly list?: (folder: string) => readonly string[] | undefined;
}

export const openFiles = ({ main, read, whyUnread, list }: Host): Files => {
  const known = new Map<string, Uint8Array | undefined>();
  const folders = new Map<string, readonly string[] | undefined>();
  const order: SourceRead[] = [];
  const folder = posix.dirname(main);
  /** Paths that are absolute in the configuration: how the main file was named does not change them. */
  const absolute = new Set<string>();
  return {
    open(path) {
      if (known.has(path)) return known.get(path);
      const bytes = read(path);
      const sha256 = bytes && createHash('sha256').update(bytes).digest('hex');
      known.set(path, bytes);
      order.push(sha256 === undefined ? { path } : { path, sha256 });
      return bytes;
    },
    whyUnread: (path) => whyUnread?.(path),
    list(path) {
      if (folders.has(path)) return folders.get(path);
      const names = list?.(path);
      folders.set(path, names);
      order.push({ path, isFolder: true });
      return names;
    },
    beside: (path, from) => {
      if (!posix.isAbsolute(path)) return posix.join(posix.dirname(from), path);
      const whole = posix.normalize(path);
      absolute.add(whole);
      return whole;
    },
    reads: () => [...order],
    relative: (path) =>
      path === main ? posix.basename(main) : absolute.has(path) ? path : posix.relative(folder, path),
  };
};

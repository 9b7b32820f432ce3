/** Where a change of a file can come from: the file, and every symbolic link on the way to it. */
import { lstat, readlink } from 'node:fs/promises';
import { dirname, join, parse, resolve, sep } from 'node:path';
import { isFolderKey } from './snapshot.ts';

/** As many links as Linux follows. */
const MAX_LINKS = 40;

/** Paths whose directory entries decide what a file holds; the directories of these are to be watched. */
export interface WatchedPaths {
  readonly directories: ReadonlySet<string>;
  readonly entries: ReadonlySet<string>;
  /** Directories of which every entry counts. */
  readonly listed: ReadonlySet<string>;
}

/** What the path is a link to, `undefined` if it is no link, or `missing`. */
const linkTarget = async (path: string): Promise<string | undefined | 'missing'> => {
  try {
    const status = await lstat(path);
    return status.isSymbolicLink() ? resolve(dirname(path), await readlink(path)) : undefined;
  } catch {
    return 'missing';
  }
};

/**
 * Follows `path` name by name. A ConfigMap's `gateway.yaml → ..data/gateway.yaml`, `..data → ..2026_11_23` yields
 * both links and the file itself. A missing file yields the path up to the first name that is missing. Resolves to
 * where it leads, undefined if nowhere.
 */
const trace = async (path: string, entries: Set<string>): Promise<string | undefined> => {
  let { root: at } = parse(path);
  let names = path.slice(at.length).split(sep);
  for (let links = 0; names.length > 0; ) {
    const next = join(at, names[0]!);
    names = names.slice(1);
    const target = await linkTarget(next);
    if (target === 'missing' || names.length === 0) entries.add(next);
    if (target === 'missing') return undefined;
    if (target === undefined) {
      at = next;
      continue;
    }
    entries.add(next);
    links += 1;
    if (links > MAX_LINKS) return undefined;
    at = parse(target).root;
    names = [...target.slice(at.length).split(sep), ...names];
  }
  return at;
};

/** The directories and entries to watch for the keys of a snapshot. */
export const watchedPaths = async (files: Iterable<string>): Promise<WatchedPaths> => {
  const entries = new Set<string>();
  const listed = new Set<string>();
  for (const file of files) {
    const end = await trace(resolve(file), entries);
    if (isFolderKey(file) && end !== undefined) listed.add(end);
  }
  const directories = new Set([...listed, ...[...entries].map((entry) => dirname(entry))]);
  return { entries, listed, directories };
};
